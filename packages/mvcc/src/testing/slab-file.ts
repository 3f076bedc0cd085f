import type { SlabFile } from "../values.ts";

/** A slab file whose writes end when the test says so, some of them badly. */
export class MemorySlabFile implements SlabFile {
  private readonly slabs = new Map<number, Uint8Array>();
  private waiting: (() => void)[] = [];
  private next = 1;
  private readonly fails: () => boolean;

  constructor(fails: () => boolean) {
    this.fails = fails;
  }

  get places(): number {
    return this.slabs.size;
  }

  write(bytes: Uint8Array, done: (place: number | undefined) => void): void {
    const copy = bytes.slice();
    this.waiting.push(() => {
      if (this.fails()) return done(undefined);
      const place = this.next++ * 2 ** 24;
      this.slabs.set(place, copy);
      done(place);
    });
  }

  read(place: number, length: number): Uint8Array {
    const start = Math.floor(place / 2 ** 24) * 2 ** 24;
    const slab = this.slabs.get(start);
    if (!slab) throw new Error(`nothing is at ${place}`);
    return slab.slice(place - start, place - start + length);
  }

  free(place: number): void {
    if (!this.slabs.delete(place)) throw new Error(`nothing is at ${place}`);
  }

  settle(): void {
    for (let all = this.waiting; all.length > 0; all = this.waiting) {
      this.waiting = [];
      for (const done of all) done();
    }
  }
}
