import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createBuiltinRegistry } from "../registry.ts";
import type { KubeObject } from "../types.ts";
import { applyServerSide } from "./index.ts";

const deployments = createBuiltinRegistry().find("apps", "v1", "deployments")!;

interface Applied {
  manager: string;
  labels: Record<string, string>;
  containers: string[];
}

const applied = fc.record({
  manager: fc.constantFrom("one", "two", "three"),
  labels: fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2")),
  containers: fc.uniqueArray(fc.constantFrom("x", "y", "z"), { minLength: 1 }),
});

function apply(live: KubeObject | undefined, { manager, labels, containers }: Applied): KubeObject {
  const object = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default", labels },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: containers.map((name) => ({ name, image: "i" })) } },
    },
  };
  const body = new TextEncoder().encode(JSON.stringify(object));
  return applyServerSide(deployments, live, { body, manager, force: true, now_ms: Date.UTC(2026, 0, 1) }).object;
}

/** KEP-555 in a few lines: who applied a field last with the value it has owns it; a field that nobody owns is gone. */
class Model {
  readonly values = new Map<string, { value: string; owners: Set<string> }>();

  apply(manager: string, wanted: Record<string, string>): void {
    for (const [name, field] of this.values) {
      if (!(name in wanted)) field.owners.delete(manager);
      if (field.owners.size === 0) this.values.delete(name);
    }
    for (const [name, value] of Object.entries(wanted)) {
      const field = this.values.get(name);
      if (field?.value === value) field.owners.add(manager);
      else this.values.set(name, { value, owners: new Set([manager]) });
    }
  }

  get object(): Record<string, string> {
    return Object.fromEntries([...this.values].map(([name, { value }]) => [name, value]));
  }
}

/** Field name → managers, as managedFields say. */
function ownersOfLabels({ metadata }: KubeObject): Map<string, Set<string>> {
  const owners = new Map<string, Set<string>>();
  for (const { manager, fieldsV1 } of metadata.managedFields as { manager: string; fieldsV1: any }[]) {
    for (const key of Object.keys(fieldsV1["f:metadata"]?.["f:labels"] ?? {})) {
      if (!key.startsWith("f:")) continue;
      owners.set(key.slice(2), (owners.get(key.slice(2)) ?? new Set()).add(manager));
    }
  }
  return owners;
}

test("whatever is applied in whatever order, fields are there as long as somebody owns them", () => {
  fc.assert(
    fc.property(fc.array(applied, { minLength: 1, maxLength: 12 }), (history) => {
      const labels = new Model();
      const containers = new Model();
      let live: KubeObject | undefined;
      for (const one of history) {
        live = apply(live, one);
        labels.apply(one.manager, one.labels);
        containers.apply(one.manager, Object.fromEntries(one.containers.map((name) => [name, "i"])));
        assert.deepEqual({ ...live.metadata.labels }, labels.object);
        const names = (live as any).spec.template.spec.containers.map(({ name }: { name: string }) => name);
        assert.deepEqual(names.sort(), Object.keys(containers.object).sort());
        assert.deepEqual(ownersOfLabels(live), new Map([...labels.values].map(([name, { owners }]) => [name, owners])));
      }
    }),
    { numRuns: 300 },
  );
});

test("applying the same again changes nothing", () => {
  fc.assert(
    fc.property(fc.array(applied, { minLength: 1, maxLength: 6 }), (history) => {
      let live: KubeObject | undefined;
      for (const one of history) live = apply(live, one);
      assert.deepEqual(apply(live, history.at(-1)!), live);
    }),
  );
});
