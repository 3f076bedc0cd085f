import assert from "node:assert/strict";
import { test } from "node:test";
import { type Node, Nodes } from "@flotilla/api";
import { silentLogger } from "@flotilla/base";
import { FakeApiClient } from "@flotilla/client/fake/index.ts";
import { FakeClock } from "@flotilla/testing";
import { NodeAgent } from "./agent.ts";
import type { NodeReport } from "./status.ts";

const readiness = (node: Node) => node.status?.conditions?.find(({ type }) => type === "Ready")?.status;

test("a node that was declared dead says at its next turn that it lives", async () => {
  const clock = new FakeClock();
  const client = new FakeApiClient(clock);
  const report = async (): Promise<NodeReport> => ({
    machine: { hostname: "n1" } as never,
    nodeIP: "1.2.3.4",
    port: 10250,
    capacity: { cpu: "1" },
    allocatable: { cpu: "1" },
    containerRuntimeVersion: "process://1",
    images: [],
    problems: [],
    now_ms: clock.now(),
  });
  const ports = { clock, log: silentLogger, client, report, event: () => {}, seen: () => {} };
  const agent = new NodeAgent(ports, { name: "n1", hostname: "n1", architecture: "amd64", labels: {}, taints: [] }, true);
  const stop = new AbortController();
  const running = agent.run(10_000, stop.signal);
  await clock.advance(1_000);
  assert.equal(readiness(await client.get(Nodes, "n1")), "True");
  const body = { status: { conditions: [{ type: "Ready", status: "Unknown", reason: "NodeStatusUnknown", message: "" }] } };
  agent.observed(await client.patch(Nodes, "n1", { type: "strategic", body }, { subresource: "status" }));
  assert.equal(readiness(await client.get(Nodes, "n1")), "Unknown");
  await clock.advance(10_000);
  assert.equal(readiness(await client.get(Nodes, "n1")), "True");
  stop.abort();
  await running;
});
