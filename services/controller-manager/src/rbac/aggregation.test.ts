import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClusterRole, ClusterRoles } from "@flotilla/api";
import { startControllers } from "../testing/controllers.ts";
import { startClusterRoleAggregation } from "./aggregation.ts";

const role = (name: string, to: string | undefined, ...resources: string[]): ClusterRole => ({
  metadata: { name, labels: to ? { to } : {} },
  rules: resources.map((r) => ({ apiGroups: [""], resources: [r], verbs: ["get"] })),
});
const aggregate = (name: string, selects: string, to?: string): ClusterRole => ({
  ...role(name, to),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: selects } }] },
});

test("an aggregated role follows what it selects, through several levels", async () => {
  const c = startControllers([startClusterRoleAggregation]);
  c.api.seed(
    ClusterRoles,
    aggregate("edit", "edit"),
    aggregate("view", "view", "edit"),
    role("a", "view", "pods"),
    role("b", "edit", "nodes"),
  );
  await c.run();
  const resources = (name: string) =>
    c.api
      .all(ClusterRoles)
      .find((r) => r.metadata.name === name)!
      .rules!.flatMap((r) => r.resources)
      .sort()
      .join();
  assert.deepEqual([resources("view"), resources("edit")], ["pods", "nodes,pods"]);
  const writes = c.api.writes().length;
  await c.api.create(ClusterRoles, role("c", "view", "pods", "secrets"));
  await c.run();
  assert.deepEqual([resources("view"), resources("edit")], ["pods,secrets", "nodes,pods,secrets"]);
  await c.api.delete(ClusterRoles, "a");
  await c.run();
  assert.equal(resources("view"), "pods,secrets");
  assert.ok(c.api.writes().length - writes <= 4, "nothing is written twice");
  c.stop.abort();
});
