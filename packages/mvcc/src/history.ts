import type { Version } from "./version.ts";

/**
 * All versions in the order they were written, for watchers that start in the
 * past and for compaction, which takes them from the old end. Invariant:
 * (mod, sub) strictly increases.
 */
export class History {
  private items: Version[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(version: Version): void {
    this.items.push(version);
  }

  /** The oldest version still here. */
  first(): Version | undefined {
    return this.items[this.head];
  }

  /** Removes the oldest. */
  shift(): void {
    this.head++;
    if (this.head > 4096 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
  }

  /** Position of the first version with mod >= revision; good until the next shift. */
  seek(revision: number): number {
    let low = this.head;
    let high = this.items.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.items[mid]!.mod < revision) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  at(position: number): Version | undefined {
    return this.items[position];
  }
}
