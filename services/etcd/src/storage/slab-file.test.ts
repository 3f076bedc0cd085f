import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openSlabFile } from "./slab-file.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {}, with: () => quiet } as never;

test("slabs are read back, their places used again, and nothing is left behind", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slabs-"));
  try {
    const file = openSlabFile(folder, quiet);
    const put = (byte: number, length: number) =>
      new Promise<number>((resolve) => file.write(new Uint8Array(length).fill(byte), (place) => resolve(place!)));
    const [a, b, c] = [await put(1, 1000), await put(2, 3 << 20), await put(3, 1 << 20)];
    assert.deepEqual([...file.read(a + 999, 1)], [1]);
    assert.ok(file.read(b, 3 << 20).every((byte) => byte === 2));
    assert.deepEqual([...file.read(c + 5, 2)], [3, 3]);
    file.free(b);
    const again = await put(4, 10);
    assert.ok(again > a && again < c, "a place in between is taken again");
    assert.deepEqual([...file.read(c, 1), ...file.read(again, 1)], [3, 4]);
    assert.throws(() => file.read(c + (5 << 20), 1), /missing/);
    assert.deepEqual(readdirSync(folder), [], "the file has no name");
    file.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
