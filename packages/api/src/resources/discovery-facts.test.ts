/**
 * Discovery and Table columns against what a kube-apiserver 1.20 answers (testdata/resources-1.20.json: groupVersion,
 * resource, kind, namespaced, short names, categories, verbs, columns). What upstream changed since then is listed here.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createBuiltinRegistry } from "../registry.ts";

type Column = [name: string, type: string, format: string, priority: number];
type Fact = [string, string, string, boolean | null, string[], string[], string[], Column[]];

const registry = createBuiltinRegistry();
const facts: Fact[] = JSON.parse(readFileSync(new URL("../../testdata/resources-1.20.json", import.meta.url), "utf8"));

/** Beta versions of then are v1 now. */
const currentVersion = (groupVersion: string): string => groupVersion.replace(/v\d+beta\d+$/, "v1");

/** resource → columns that are there now and were not, in their place; or that are gone. */
const COLUMNS_SINCE: Record<string, { added?: string[]; gone?: string[]; moved?: string[]; retyped?: string[] }> = {
  certificatesigningrequests: { added: ["RequestedDuration"] },
  csidrivers: { added: ["StorageCapacity", "TokenRequests", "RequiresRepublish"] },
  jobs: { added: ["Status"] },
  persistentvolumeclaims: { added: ["VolumeAttributesClass"] },
  persistentvolumes: { added: ["VolumeAttributesClass"] },
  pods: { retyped: ["Restarts"] },
  priorityclasses: { added: ["PreemptionPolicy"] },
  prioritylevelconfigurations: { added: ["NominalConcurrencyShares"], gone: ["AssuredConcurrencyShares"] },
  resourcequotas: { moved: ["Age"] },
};
/** Services can be deleted together since 1.23. */
const VERBS_SINCE: Record<string, string[]> = { services: ["deletecollection"] };
const KINDS_SINCE: Record<string, string> = { "pods/eviction": "policy/v1" };

for (const [was, name, kind, namespaced, shortNames, categories, verbs, columns] of facts) {
  const [resource = "", subresource] = name.split("/");
  const groupVersion = currentVersion(was);
  const [group = "", version = ""] = groupVersion.includes("/") ? groupVersion.split("/") : ["", groupVersion];
  test(`${groupVersion} ${name}`, () => {
    const def = registry.find(group, version, resource);
    assert.ok(def, "is not there");
    if (subresource !== undefined) {
      const sub = def.subresources.find((each) => each.name === subresource);
      assert.ok(sub, "is not there");
      assert.equal(sub.kind, kind);
      assert.deepEqual([...sub.verbs].sort(), verbs);
      if (KINDS_SINCE[name]) assert.equal(`${sub.group}/${sub.version}`, KINDS_SINCE[name]);
      return;
    }
    assert.deepEqual([def.kind, def.namespaced, def.shortNames, def.categories], [kind, namespaced, shortNames, categories]);
    assert.deepEqual([...def.verbs].sort(), [...verbs, ...(VERBS_SINCE[resource] ?? [])].sort());
    if (columns.length > 0)
      compareColumns(
        resource,
        columns,
        def.columns.map((each) => [each.name, each.type, each.format ?? "", each.priority ?? 0]),
      );
  });
}

function compareColumns(resource: string, before: Column[], now: Column[]): void {
  const { added = [], gone = [], moved = [], retyped = [] } = COLUMNS_SINCE[resource] ?? {};
  const changed = (name: string): boolean => moved.includes(name) || retyped.includes(name);
  const names = now.map(([name]) => name);
  for (const name of [...added, ...moved, ...retyped]) assert.ok(names.includes(name), `${name} is missing`);
  assert.deepEqual(
    now.filter(([name]) => !added.includes(name) && !changed(name)),
    before.filter(([name]) => !gone.includes(name) && !changed(name)),
  );
}

test("the kinds that 1.20 did not serve in their v1 are these", () => {
  const known = new Set(facts.map(([groupVersion, name]) => `${currentVersion(groupVersion)} ${name.split("/")[0]}`));
  const later = registry
    .all()
    .map(({ group, version, resource }) => `${group === "" ? "" : `${group}/`}${version} ${resource}`)
    .filter((name) => !known.has(name));
  assert.deepEqual(later.sort(), [
    "admissionregistration.k8s.io/v1 validatingadmissionpolicies",
    "admissionregistration.k8s.io/v1 validatingadmissionpolicybindings",
    "authentication.k8s.io/v1 selfsubjectreviews",
    "autoscaling/v2 horizontalpodautoscalers",
    "batch/v1 cronjobs",
    "metrics.k8s.io/v1beta1 nodes",
    "metrics.k8s.io/v1beta1 pods",
    "storage.k8s.io/v1 csistoragecapacities",
  ]);
});
