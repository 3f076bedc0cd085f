import { assert } from "@flotilla/base";
import type { Bytes } from "./types.ts";

/**
 * Values outside of the garbage collector's reach.
 *
 * A value is written once into the open slab, a large byte array, and found
 * again by its slab and place there. To the collector a thousand values are one
 * object. Full slabs beyond `resident_bytes_max` go to a `SlabFile`, where there
 * is one, and come back piece by piece when they are read.
 *
 * Owns the slabs; whoever holds a `Slab` counts its bytes in and out (`release`).
 * Invariants:
 *  1. bytes of a slab never change once written
 *  2. a slab's bytes are in memory until the file has all of them
 *  3. live_bytes is what its values still in use take; at zero the slab is given back
 */
export interface SlabFile {
  /** Calls back with the place of the bytes, or undefined when they could not be written; never at once. */
  write(bytes: Uint8Array, done: (place: number | undefined) => void): void;
  read(place: number, length: number): Uint8Array;
  free(place: number): void;
}

export const SLAB_BYTES = 1 << 20;
/** A larger value gets a slab of its own. */
const SHARED_BYTES_MAX = SLAB_BYTES >> 2;
const RESIDENT_BYTES_MAX = 16 << 20;
/** Slabs that were read back as a whole. */
const CACHED_MAX = 8;
/** Less waste than this is not worth looking for; a slab with less than a quarter in use is. */
const WASTE_BYTES_MIN = 32 << 20;
const SPARSE = 4;

export interface Slab {
  bytes: Uint8Array | undefined;
  readonly size_bytes: number;
  used_bytes: number;
  live_bytes: number;
  /** Where in the file, once it is there. */
  place: number | undefined;
  /** It is being written to the file, or never will be. */
  busy: boolean;
  readonly owner: Values;
}

export interface ValuesOptions {
  readonly file?: SlabFile;
  readonly resident_bytes_max?: number;
}

export class Values {
  private readonly file: SlabFile | undefined;
  private readonly resident_bytes_max: number;
  private open: Slab;
  /** Full slabs in memory, oldest first. */
  private readonly full: Slab[] = [];
  private resident_bytes = 0;
  private writing = false;
  private readonly cache = new Map<Slab, Uint8Array>();
  private lastMiss: Slab | undefined;
  /** Slabs in the file. */
  private readonly away = new Set<Slab>();
  private held_bytes = 0;
  private live_bytes = 0;
  /** Memory of the last slab that left, for the next one: new memory costs a page fault for every 4 KB. */
  private spare: Uint8Array | undefined;
  private gone = false;
  /** Empty values need no place. */
  private readonly none: Slab;

  constructor({ file, resident_bytes_max = RESIDENT_BYTES_MAX }: ValuesOptions = {}) {
    this.file = file;
    this.resident_bytes_max = resident_bytes_max;
    this.none = this.newSlab(0);
    this.none.busy = true;
    this.open = this.none;
  }

  /** Is more given over to values that are gone than to those in use? */
  get isWasteful(): boolean {
    return this.held_bytes - this.live_bytes > Math.max(WASTE_BYTES_MIN, this.live_bytes);
  }

  isSparse(slab: Slab): boolean {
    return slab !== this.open && slab.live_bytes * SPARSE < slab.used_bytes;
  }

  /** The slab that has room for `length` more bytes; they belong at its `used_bytes`. */
  private room(length: number): Slab {
    if (length > SHARED_BYTES_MAX) {
      const slab = this.newSlab(length);
      this.sealed(slab);
      return slab;
    }
    if (this.open === this.none || this.open.size_bytes - this.open.used_bytes < length) {
      if (this.open !== this.none) this.sealed(this.open);
      this.open = this.newSlab(SLAB_BYTES);
    }
    return this.open;
  }

  /** Writes a value; it begins at the returned slab's `used_bytes` less its length. */
  append(value: Bytes | Uint8Array): Slab {
    const { length } = value;
    if (length === 0) return this.none;
    const slab = this.room(length);
    const bytes = slab.bytes!;
    let at = slab.used_bytes;
    if (typeof value !== "string") bytes.set(value, at);
    else for (let i = 0; i < length; i++) bytes[at++] = value.charCodeAt(i);
    slab.used_bytes += length;
    slab.live_bytes += length;
    this.live_bytes += length;
    this.spill();
    return slab;
  }

  /** A view of the bytes, good until the next call that writes. */
  read(slab: Slab, at: number, length: number): Uint8Array {
    const bytes = slab.bytes ?? this.cache.get(slab);
    if (bytes) return bytes.subarray(at, at + length);
    // One value alone is read alone; a neighbour's turn right after it means that many will follow.
    if (this.lastMiss !== slab) {
      this.lastMiss = slab;
      return this.file!.read(slab.place! + at, length);
    }
    const all = this.file!.read(slab.place!, slab.used_bytes);
    for (const oldest of this.cache.keys()) {
      if (this.cache.size < CACHED_MAX) break;
      this.cache.delete(oldest);
    }
    this.cache.set(slab, all);
    return all.subarray(at, at + length);
  }

  /** A value of this length is not needed any more. */
  release(slab: Slab, length: number): void {
    slab.live_bytes -= length;
    this.live_bytes -= length;
    assert(slab.live_bytes >= 0, "no value is released twice");
    if (slab.live_bytes > 0 || slab === this.open || slab === this.none) return;
    this.cache.delete(slab);
    if (slab.place !== undefined) this.forget(slab);
    else if (!slab.busy) this.drop(slab);
    // One that is being written is given back when that is done.
  }

  /** Gives everything back; nothing may be read or written after this. */
  discard(): void {
    this.gone = true;
    for (const slab of this.away) this.forget(slab);
    this.full.length = 0;
    this.cache.clear();
  }

  private newSlab(length: number): Slab {
    this.held_bytes += length;
    const bytes = length === SLAB_BYTES && this.spare ? this.spare : new Uint8Array(length);
    if (bytes === this.spare) this.spare = undefined;
    return { bytes, size_bytes: length, used_bytes: 0, live_bytes: 0, place: undefined, busy: false, owner: this };
  }

  private sealed(slab: Slab): void {
    this.full.push(slab);
    this.resident_bytes += slab.size_bytes;
    if (slab.live_bytes === 0 && slab.used_bytes > 0) this.drop(slab);
  }

  /** Moves the oldest slab out, one at a time. */
  private spill(): void {
    const { file } = this;
    if (!file || this.writing || this.resident_bytes <= this.resident_bytes_max) return;
    const slab = this.full.find((s) => !s.busy);
    if (!slab) return;
    slab.busy = true;
    this.writing = true;
    file.write(slab.bytes!.subarray(0, slab.used_bytes), (place) => {
      this.writing = false;
      if (this.gone) {
        if (place !== undefined) file.free(place);
        return;
      }
      // A slab that the file would not take stays in memory, and is not tried again.
      if (place === undefined && slab.live_bytes > 0) return this.spill();
      this.unload(slab);
      slab.place = place;
      this.away.add(slab);
      if (slab.live_bytes === 0) this.forget(slab);
      this.spill();
    });
  }

  /** Nothing of it is in use any more. */
  private drop(slab: Slab): void {
    this.held_bytes -= slab.size_bytes;
    this.unload(slab);
  }

  private forget(slab: Slab): void {
    this.away.delete(slab);
    this.held_bytes -= slab.size_bytes;
    if (slab.place !== undefined) this.file!.free(slab.place);
  }

  private unload(slab: Slab): void {
    const at = this.full.indexOf(slab);
    if (at >= 0) this.full.splice(at, 1);
    this.resident_bytes -= slab.size_bytes;
    if (slab.size_bytes === SLAB_BYTES) this.spare = slab.bytes;
    slab.bytes = undefined;
  }
}

/** One character per byte. */
export function textOf(bytes: Uint8Array): Bytes {
  let out = "";
  for (let at = 0; at < bytes.length; at += 4096) out += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return out;
}
