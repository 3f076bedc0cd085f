import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@flotilla/testing";
import { FileReload } from "./file-reload.ts";

test("files are taken when they change and fit; what is refused is said once, and leaves what was before", async () => {
  const files: Record<string, string> = { cert: "1", key: "1" };
  const clock = new FakeClock();
  const said: string[] = [];
  const user = {
    use([cert, key]: readonly string[]) {
      if (cert !== key) throw new Error(`${cert} is not of ${key}`);
      said.push(`use ${cert}`);
    },
    refused: (message: string) => void said.push(message),
  };
  const read = async (path: string) => files[path] ?? Promise.reject(new Error(`no ${path}`));
  const reload = new FileReload(clock, ["cert", "key"], ["1", "1"], user, read);
  /** The files become this; what is said of it in the next seconds. */
  const become = async (cert: string | undefined, key: string | undefined) => {
    Object.assign(files, { cert, key });
    for (let i = 0; i < 3; i++) {
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return said.splice(0);
  };
  reload.start();
  assert.deepEqual(await become("1", "1"), []);
  assert.deepEqual(await become("2", "1"), ["2 is not of 1"]);
  assert.deepEqual(await become("2", "2"), ["use 2"]);
  assert.deepEqual(await become("2", undefined), ["no key"]);
  assert.deepEqual(await become("2", "2"), []);
  assert.deepEqual(await become(undefined, "2"), ["no cert"]);
  assert.deepEqual(await become("3", "2"), ["3 is not of 2"]);
  // Taken back: nothing to do.
  assert.deepEqual(await become("2", "2"), []);
  reload.stop();
  assert.deepEqual(await become("4", "4"), []);
});
