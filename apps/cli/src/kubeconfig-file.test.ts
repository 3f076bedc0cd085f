import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@flotilla/process";
import { parse } from "yaml";
import { mergeKubeconfig, pruneKubeconfig, removeContext, writeContext } from "./kubeconfig-file.ts";

const entry = (name: string, value = 1) => ({
  clusters: [{ name, cluster: { value } }],
  users: [{ name, user: { value } }],
  contexts: [{ name, context: { cluster: name, user: name } }],
  "current-context": name,
});

test("ours replaces an older one of ours and leaves the others alone", () => {
  const theirs = { ...mergeKubeconfig(entry("work"), entry("flotilla-a")), extensions: ["kept"] };
  const merged = mergeKubeconfig(theirs, entry("flotilla-a", 2));
  assert.deepEqual(
    merged.clusters?.map((c) => [c.name, (c["cluster"] as any).value]),
    [
      ["work", 1],
      ["flotilla-a", 2],
    ],
  );
  assert.equal(merged["current-context"], "flotilla-a");
  assert.deepEqual(merged["extensions"], ["kept"]);
});

test("pruning takes ours out, and the current context only if it is ours", () => {
  const both = mergeKubeconfig(entry("work"), entry("flotilla-a"));
  assert.equal(pruneKubeconfig(both, "flotilla-a")?.["current-context"], "");
  assert.deepEqual(
    pruneKubeconfig(both, "flotilla-a")?.contexts?.map((c) => c.name),
    ["work"],
  );
  assert.equal(pruneKubeconfig({ ...both, "current-context": "work" }, "flotilla-a")?.["current-context"], "work");
  assert.equal(pruneKubeconfig(entry("work"), "flotilla-a"), undefined);
});

test("files: written, merged, pruned; the lock is gone; what is no kubeconfig is not overwritten", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "flotilla-kubeconfig-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "sub/config");
  assert.equal(await writeContext([join(dir, "absent"), file], JSON.stringify(entry("flotilla-a")), systemClock), file);
  await Promise.all(["b", "c", "d"].map((name) => writeContext([file], JSON.stringify(entry(`flotilla-${name}`)), systemClock)));
  assert.equal(parse(readFileSync(file, "utf8")).contexts.length, 4);
  await removeContext([file, join(dir, "absent")], "flotilla-b", systemClock);
  assert.equal(parse(readFileSync(file, "utf8")).contexts.length, 3);
  assert.equal(existsSync(`${file}.lock`), false);
  const bad = join(dir, "bad");
  writeFileSync(bad, "- a\n- b\n");
  await assert.rejects(writeContext([bad], JSON.stringify(entry("flotilla-a")), systemClock), /bad is not a kubeconfig/);
  assert.equal(readFileSync(bad, "utf8"), "- a\n- b\n");
});
