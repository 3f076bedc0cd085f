import assert from "node:assert/strict";
import { test } from "node:test";
import type { DaemonSet, Pod } from "@flotilla/api";
import { type ControllerRevision, planHistory } from "./history.ts";
import { HASH_LABEL, hashOf } from "./template.ts";

const set = (image: string, revisionHistoryLimit = 10): DaemonSet => {
  const template = { metadata: { labels: { app: "d" } }, spec: { containers: [{ name: "c", image }] } };
  return {
    metadata: { name: "d", namespace: "ns", uid: "u" },
    spec: { revisionHistoryLimit, selector: { matchLabels: { app: "d" } }, template },
  } as DaemonSet;
};
const past = (image: string, revision: number): ControllerRevision => ({ ...planHistory(set(image), [], []).create!, revision });
const pod = (image: string): Pod => ({ metadata: { name: image, labels: { [HASH_LABEL]: hashOf(set(image)) } } }) as Pod;

test("a new template is a new revision; one that comes back becomes the newest", () => {
  const first = planHistory(set("a"), [], []).create!;
  assert.deepEqual(
    [first.revision, first.metadata.name, (first.data!.spec!.template as any).$patch],
    [1, `d-${hashOf(set("a"))}`, "replace"],
  );
  assert.deepEqual(planHistory(set("a"), [past("a", 1)], []), { delete: [] });
  assert.equal(planHistory(set("b"), [past("a", 1)], []).create!.revision, 2);
  const back = planHistory(set("a"), [past("a", 1), past("b", 2)], []);
  assert.deepEqual([back.create, back.update!.revision], [undefined, 3]);
});

test("old revisions go beyond the limit, but not while a pod runs them", () => {
  const revisions = [past("a", 1), past("b", 2), past("c", 3), past("d", 4)];
  const names = (pods: Pod[]) => planHistory(set("d", 1), revisions, pods).delete.map((r) => r.revision);
  assert.deepEqual(names([]), [1, 2]);
  assert.deepEqual(names([pod("a")]), [2, 3]);
});
