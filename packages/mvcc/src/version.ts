import type { Bytes } from "./types.ts";
import { type Slab, textOf, type Values } from "./values.ts";

const NOTHING = new Uint8Array(0);

/** What a version says, its value as bytes or text. */
export interface VersionFields {
  readonly key: Bytes;
  readonly value: Bytes | Uint8Array;
  /** The main revision of the transaction that wrote it, and its place there. */
  readonly mod: number;
  readonly sub: number;
  readonly create: number;
  /** 1 for a new key, counting up; 0 for a tombstone. */
  readonly version: number;
  /** Decimal lease id; "0" for none. */
  readonly lease: string;
}

/**
 * One version of a key. A tombstone marks a deletion. Versions of a key are
 * linked from new to old. The value lies in a slab (`values.ts`).
 */
export class Version implements VersionFields {
  readonly key: Bytes;
  readonly mod: number;
  readonly sub: number;
  readonly create: number;
  readonly version: number;
  readonly lease: string;
  /** Length of the value, in bytes. */
  readonly size: number;
  /** The version before, while compaction has not removed it. */
  prev: Version | undefined;
  private slab: Slab;
  private at: number;

  constructor(values: Values, fields: VersionFields, prev: Version | undefined) {
    this.key = fields.key;
    this.mod = fields.mod;
    this.sub = fields.sub;
    this.create = fields.create;
    this.version = fields.version;
    this.lease = fields.lease;
    this.size = fields.value.length;
    this.prev = prev;
    this.slab = values.append(fields.value);
    this.at = this.slab.used_bytes - this.size;
  }

  /** A view, to be used at once: the next write may move it. */
  bytes(): Uint8Array {
    return this.size === 0 ? NOTHING : this.slab.owner.read(this.slab, this.at, this.size);
  }

  get value(): Bytes {
    return textOf(this.bytes());
  }

  /** Nobody will ask for the value any more. */
  release(): void {
    if (this.size > 0) this.slab.owner.release(this.slab, this.size);
  }

  /** Moves the value together with others if its slab is mostly empty. */
  tidy(): void {
    const { slab } = this;
    if (this.size === 0 || !slab.owner.isSparse(slab)) return;
    const to = slab.owner.append(this.bytes());
    slab.owner.release(slab, this.size);
    this.slab = to;
    this.at = to.used_bytes - this.size;
  }
}

export const isTombstone = (v: { readonly version: number }) => v.version === 0;
