import assert from "node:assert/strict";
import { test } from "node:test";
import { mountPoints } from "./mount-points.ts";

test("mount points, with their blanks", () => {
  const text = "22 1 0:4 net:[1] /run/a\\040b/x.net rw - nsfs nsfs rw\n23 1 8:1 / / rw - ext4 /dev/a rw\n";
  assert.deepEqual(mountPoints(text), ["/run/a b/x.net", "/"]);
});
