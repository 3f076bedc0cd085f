import assert from "node:assert/strict";
import fc from "fast-check";
import type { Disk } from "../storage/disk.ts";

/** How often each property is tried. */
const RUNS = 1500;
/** Longer than any of these inputs can honestly need; busy machines included. */
const INPUT_MS_MAX = 2000;

/** Bytes as an attacker or a broken disk makes them: noise, or what is right with pieces changed, cut, repeated, mixed. */
export function damaged(valid: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const noise = fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b));
  if (valid.length === 0) return noise;
  const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const change = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), at, byte: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ kind: fc.constant("flip" as const), at, bit: fc.integer({ min: 0, max: 7 }) }),
    fc.record({ kind: fc.constant("cut" as const), at }),
    fc.record({ kind: fc.constant("insert" as const), at, bytes: fc.uint8Array({ maxLength: 12 }) }),
    fc.record({ kind: fc.constant("copy" as const), at, to: at, length: fc.integer({ min: 1, max: 64 }) }),
  );
  const mutated = fc.tuple(fc.constantFrom(...valid), fc.array(change, { minLength: 1, maxLength: 6 })).map(([bytes, changes]) => {
    let out = Buffer.from(bytes);
    for (const c of changes) {
      const i = Math.floor(c.at * out.length);
      if (c.kind === "set" && out.length > 0) out[i] = c.byte;
      else if (c.kind === "flip" && out.length > 0) out[i] = out[i]! ^ (1 << c.bit);
      else if (c.kind === "cut") out = out.subarray(0, i);
      else if (c.kind === "insert") out = Buffer.concat([out.subarray(0, i), c.bytes, out.subarray(i)]);
      else if (c.kind === "copy") {
        const to = Math.floor(c.to * out.length);
        out = Buffer.concat([out.subarray(0, to), out.subarray(i, i + c.length), out.subarray(to)]);
      }
    }
    return out;
  });
  return fc.oneof({ weight: 3, arbitrary: mutated }, { weight: 1, arbitrary: noise });
}

export interface Fuzzed {
  /** Names of the errors that are an answer; anything else is a crash. */
  readonly errors: readonly string[];
  /** How many objects or bytes may come of one byte at most. */
  readonly growth_max?: number;
}

/** The reader answers every input in time: with a value that is in proportion to the input, or with an error it is known for. */
export function fuzz(read: (bytes: Buffer) => unknown, valid: readonly Buffer[], { errors, growth_max = 200 }: Fuzzed): void {
  for (const bytes of valid) read(bytes);
  fc.assert(
    fc.property(damaged(valid), (bytes) => {
      const from = performance.now();
      try {
        const size = sizeOf(read(bytes));
        assert.ok(size <= (bytes.length + 20) * growth_max, `${bytes.length} bytes became ${size}`);
      } catch (error) {
        assert.ok(errors.includes((error as Error).name), `${(error as Error).stack}`);
      }
      assert.ok(performance.now() - from < INPUT_MS_MAX, "it takes too long");
    }),
    { numRuns: RUNS },
  );
}

/** About how much a value holds: bytes, characters, and a few for every object. */
function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== "object" || value === null) return 8;
  let size = 16;
  for (const item of Object.values(value)) size += sizeOf(item);
  return size;
}

/** A disk in memory: what is written is there. */
export function memoryDisk(files = new Map<string, Buffer>()): Disk & { files: Map<string, Buffer> } {
  const handle = (path: string) => ({
    append: async (data: Buffer) => void files.set(path, Buffer.concat([files.get(path)!, data])),
    sync: async () => {},
    close: async () => {},
  });
  return {
    files,
    mkdir() {},
    list: (path) =>
      [...files.keys()]
        .filter((p) => p.startsWith(`${path}/`))
        .map((p) => p.slice(path.length + 1))
        .sort(),
    read: (path) => files.get(path)!,
    open: async (path, keep_bytes) => {
      files.set(path, Buffer.from(files.get(path)?.subarray(0, keep_bytes) ?? []));
      return handle(path);
    },
    rename: async (from, to) => {
      files.set(to, files.get(from)!);
      files.delete(from);
    },
    remove: (path) => void files.delete(path),
  };
}
