import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerStatus, Pod } from "@flotilla/api";
import { podPhase } from "./phase.ts";

/** "a=running b=exited:1 c=waiting d=crashed": crashed waits after an end. */
function statuses(script: string): ContainerStatus[] {
  return script
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => {
      const [name, state] = word.split("=") as [string, string];
      const [kind, code] = state.split(":");
      const terminated = { exitCode: Number(code ?? 0) };
      const shapes: Record<string, object> = {
        running: { state: { running: {} }, started: true },
        exited: { state: { terminated } },
        waiting: { state: { waiting: {} } },
        crashed: { state: { waiting: {} }, lastState: { terminated: { exitCode: 1 } } },
      };
      return { name, ...shapes[kind!] } as ContainerStatus;
    });
}

const check = (policy: string, init: string, main: string, expected: string) =>
  test(`${policy}: [${init}] ${main} is ${expected}`, () => {
    const names = (script: string) => statuses(script).map((s) => ({ name: s.name }));
    const pod = { metadata: {}, spec: { restartPolicy: policy, initContainers: names(init), containers: names(main) } } as Pod;
    assert.equal(podPhase(pod, statuses(init), statuses(main), false), expected);
  });

check("Always", "", "a=running b=running", "Running");
check("Always", "", "a=running b=waiting", "Pending");
check("Always", "", "a=running b=crashed", "Running");
check("Always", "", "a=exited:1", "Running");
check("OnFailure", "", "a=exited:1", "Running");
check("OnFailure", "", "a=exited:0 b=exited:0", "Succeeded");
check("Never", "", "a=exited:0 b=exited:1", "Failed");
check("Never", "", "a=exited:0 b=running", "Running");
check("Always", "i=running", "a=waiting", "Pending");
check("Always", "i=crashed", "a=waiting", "Pending");
check("Never", "i=exited:1", "a=waiting", "Failed");
check("Always", "i=exited:0", "a=running", "Running");
