import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod } from "@flotilla/api";
import { containerHash } from "../cri/labels.ts";
import type { ObservedContainer, ObservedPod } from "../cri/observed.ts";
import { computePodActions, type PodActions } from "./compute.ts";

const container = (name: string, extra: Partial<Container> = {}): Container => ({ name, image: "i:v1", ...extra }) as Container;
const pod = (containers: Container[], initContainers: Container[] = [], restartPolicy = "Always"): Pod => ({
  metadata: { name: "p", namespace: "d", uid: "u" },
  spec: { containers, initContainers, restartPolicy } as never,
});
const [a, b] = [container("a"), container("b")];

/** "a=running b=exited:1", newest first; "s1/a=…" is of an older sandbox. */
function observed(script: string, sandbox: "ready" | "dead" | "none" = "ready"): ObservedPod {
  const containers = script.split(" ").flatMap((word, i): ObservedContainer[] => {
    const match = /^(?:(s\d)\/)?(\w+)=(\w+)(?::(\d+))?$/.exec(word);
    if (!match) return [];
    const [, sandboxId = "s2", name, state, code] = match;
    const known = [a, b].find((c) => c.name === name) ?? container(name!);
    return [{ id: `id-${i}`, name: name!, sandboxId, state, exitCode: Number(code ?? 0), hash: containerHash(known) } as ObservedContainer];
  });
  const sandboxes = sandbox === "none" ? [] : [{ id: "s2", attempt: 1, ready: sandbox === "ready", createdAt_ms: 0, ips: ["10.0.0.1"] }];
  return { uid: "u", name: "p", namespace: "d", sandboxes, containers };
}

function show(actions: PodActions): string {
  const names = (list: Container[]) => list.map((c) => c.name).join(",");
  if (actions.kind === "recreate") {
    const parts = [actions.kill && "kill", actions.create && `create ${actions.attempt}`, actions.init && `init ${actions.init.name}`];
    return [...parts, actions.containers.length > 0 && `start ${names(actions.containers)}`].filter(Boolean).join("; ");
  }
  const kills = actions.kills.map((k) => `kill ${k.container.name}`);
  const starts = [actions.init.length && `init ${names(actions.init)}`, actions.containers.length && `start ${names(actions.containers)}`];
  return [...kills, ...starts].filter(Boolean).join("; ") || "nothing";
}

const none = { startup: () => undefined, liveness: () => undefined };
const check = (name: string, p: Pod, o: ObservedPod, expected: string, probes: Parameters<typeof computePodActions>[2] = none) =>
  test(name, () => assert.equal(show(computePodActions(p, o, probes)), expected));

check("a new pod", pod([a, b]), observed("", "none"), "create 0; start a,b");
check("a new pod with init containers", pod([a], [container("i")]), observed("", "none"), "create 0; init i");
check("all running", pod([a, b]), observed("a=running b=running"), "nothing");
check("one ended, Always", pod([a, b]), observed("a=running b=exited:0"), "start b");
check("one ended well, OnFailure", pod([a, b], [], "OnFailure"), observed("a=running b=exited:0"), "nothing");
check("one failed, OnFailure", pod([a, b], [], "OnFailure"), observed("a=running b=exited:2"), "start b");
check("one failed, Never", pod([a, b], [], "Never"), observed("a=running b=exited:2"), "nothing");
check("the sandbox died", pod([a]), observed("a=exited:137", "dead"), "kill; create 2; start a");
check("the sandbox died under a running container", pod([a]), observed("a=running", "dead"), "kill; create 2; start a");
check("the sandbox of a finished job died", pod([a], [], "Never"), observed("a=exited:0", "dead"), "");
check("a new image", pod([container("a", { image: "i:v2" })]), observed("a=running"), "kill a; start a");
check("liveness failed", pod([a]), observed("a=running"), "kill a; start a", { ...none, liveness: () => false });
check("liveness failed, Never", pod([a], [], "Never"), observed("a=running"), "kill a", { ...none, liveness: () => false });
check("startup failed", pod([a]), observed("a=running"), "kill a; start a", { ...none, startup: () => false });
check("the first init container runs", pod([a], [container("i"), container("j")]), observed("i=running"), "nothing");
check("the first init container is done", pod([a], [container("i"), container("j")]), observed("i=exited:0"), "init j");
check("an init container failed", pod([a], [container("i")]), observed("i=exited:1"), "init i");
check("an init container failed, Never", pod([a], [container("i")], "Never"), observed("i=exited:1"), "nothing");
check("all init containers are done", pod([a], [container("i")]), observed("i=exited:0"), "start a");
check("init records were removed after the start", pod([a], [container("i")]), observed("a=running"), "nothing");

const sidecar = container("s", { restartPolicy: "Always" } as never);
check("a sidecar starts first", pod([a], [sidecar]), observed(""), "init s");
check("a sidecar runs", pod([a], [sidecar]), observed("s=running"), "start a");
check("a sidecar ended", pod([a], [sidecar]), observed("a=running s=exited:1"), "init s");
check("a sidecar ends with a finished pod", pod([a], [sidecar], "Never"), observed("a=exited:0 s=running"), "kill s");

const debugged = (p: Pod): Pod => ({ ...p, spec: { ...p.spec, ephemeralContainers: [container("dbg")] } as never });
check("an ephemeral container", debugged(pod([a])), observed("a=running"), "start dbg");
check("it runs", debugged(pod([a])), observed("dbg=running a=running"), "nothing");
check("it ended, and is not started again", debugged(pod([a])), observed("dbg=exited:0 a=running"), "nothing");
check("its sandbox died with it", debugged(pod([a])), observed("s1/dbg=exited:137 a=running"), "nothing");
check("it does not wait for init containers", debugged(pod([a], [container("i")])), observed("i=running"), "start dbg");
