import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backend } from "../backend.ts";
import { matchesContainer, matchesSandbox } from "../filters.ts";
import {
  Container,
  ContainerFilter,
  ContainerState,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxFilter,
  PodSandboxState,
} from "../messages.ts";
import { mergeConditions, multiplex } from "../multiplex.ts";
import { exitStatus } from "../streaming/remote-command.ts";
import { nanos } from "../time.ts";

/** A handler that answers with its own name, and owns the ids that begin with it. */
function fake(handler: string, images: string[], costlyLookup = false): Backend & { asked: string[] } {
  const asked: string[] = [];
  const owns = async (id: string) => {
    asked.push(id);
    return id.startsWith(handler);
  };
  const part: Partial<Backend> = {
    handler,
    costlyLookup,
    ownsSandbox: owns,
    ownsContainer: owns,
    runSandbox: async () => `${handler}-1`,
    stopContainer: async (id) => void asked.push(`stop ${id}`),
    imageStatus: async (image) => (images.includes(image) ? ({ id: handler } as never) : undefined),
    pullImage: async () => handler,
  };
  return Object.assign(part as Backend, { asked });
}

test("a sandbox goes to the handler it names; an unknown one is refused", async () => {
  const runtime = multiplex([fake("docker", [], true), fake("process", [])], "docker");
  const config = PodSandboxConfig.fromPartial({});
  assert.equal(await runtime.runSandbox(config, ""), "docker-1");
  assert.equal(await runtime.runSandbox(config, "process"), "process-1");
  await assert.rejects(runtime.runSandbox(config, "kata"), /no runtime handler "kata" is configured; known: docker, process/);
  assert.throws(() => multiplex([fake("process", [])], "docker"), /no runtime handler "docker"/);
});

test("the handler that has to ask a daemon is not asked whether an id is its own", async () => {
  const [docker, process] = [fake("docker", [], true), fake("process", [])];
  const runtime = multiplex([docker, process], "docker");
  await runtime.stopContainer("docker-7", 1);
  await runtime.stopContainer("process-7", 1);
  assert.deepEqual(docker.asked, ["stop docker-7"]);
  assert.deepEqual(process.asked, ["docker-7", "process-7", "stop process-7"]);
});

test("images: of the named handler, else of the first that has them, else pulled by the default one", async () => {
  const runtime = multiplex([fake("docker", ["web", "both"]), fake("process", ["etcd", "both"])], "docker");
  const idOf = async (image: string, handler: string) => (await runtime.imageStatus(image, handler))?.id;
  assert.equal(await idOf("both", ""), "docker");
  assert.equal(await idOf("both", "process"), "process");
  assert.equal(await idOf("etcd", ""), "process");
  assert.equal(await idOf("etcd", "docker"), undefined);
  assert.equal(await runtime.pullImage("etcd", undefined, ""), "process");
  assert.equal(await runtime.pullImage("new", undefined, ""), "docker");
});

test("a condition holds when it holds for every handler", () => {
  const c = (type: string, status: boolean, message = "") => ({ type, status, message });
  const merged = mergeConditions([
    c("RuntimeReady", true),
    c("NetworkReady", true),
    c("RuntimeReady", false, "down"),
    c("NetworkReady", true),
  ]);
  assert.deepEqual(merged, [c("RuntimeReady", false, "down"), c("NetworkReady", true)]);
});

test("filters: id prefix, state, sandbox, labels", () => {
  const container = Container.fromPartial({ id: "abc", podSandboxId: "s1", state: ContainerState.CONTAINER_RUNNING, labels: { a: "1" } });
  for (const [part, matches] of [
    [{}, true],
    [{ id: "ab" }, true],
    [{ id: "b" }, false],
    [{ state: { state: ContainerState.CONTAINER_RUNNING } }, true],
    [{ state: { state: ContainerState.CONTAINER_CREATED } }, false],
    [{ podSandboxId: "s2" }, false],
    [{ labelSelector: { a: "1" } }, true],
    [{ labelSelector: { a: "1", b: "" } }, false],
  ] as const) {
    assert.equal(matchesContainer(container, ContainerFilter.fromPartial(part)), matches, JSON.stringify(part));
  }
  const sandbox = PodSandbox.fromPartial({ id: "s1", state: PodSandboxState.SANDBOX_NOTREADY });
  assert.equal(matchesSandbox(sandbox, undefined), true);
  assert.equal(matchesSandbox(sandbox, PodSandboxFilter.fromPartial({ state: { state: PodSandboxState.SANDBOX_READY } })), false);
});

test("an exit code becomes the Status that kubectl reads", () => {
  assert.deepEqual(exitStatus(0), { metadata: {}, status: "Success" });
  assert.deepEqual((exitStatus(3) as any).details, { causes: [{ reason: "ExitCode", message: "3" }] });
});

test("times are whole nanoseconds; no time is zero", () => {
  assert.equal(nanos(1_700_000_000_123), "1700000000123000000");
  assert.equal(nanos(0), "0");
  assert.equal(nanos(Date.parse("0001-01-01T00:00:00Z")), "0");
});
