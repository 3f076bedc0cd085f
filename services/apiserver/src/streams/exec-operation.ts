import { apiError, type ResourceDefinition } from "@flotilla/api";
import { ExecStart } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { Operation } from "../registry/dispatch.ts";
import type { Kernel } from "../registry/kernel.ts";
import type { Call, Reply } from "../request/call.ts";
import { isTrue } from "../request/request-info.ts";
import { runExec } from "./exec.ts";
import type { KubeletClient } from "./kubelet-client.ts";
import { containerOf, podTarget } from "./pod-target.ts";
import { acceptSpdyExec } from "./spdy-exec.ts";
import { acceptExec, offersExec } from "./websocket-exec.ts";

/** pods/NAME/exec and /attach: a command's streams, by WebSocket or SPDY. */
export function execOperation(kubelets: KubeletClient): Operation {
  return async (kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> => {
    const { pod, node } = await podTarget(kernel, call, def);
    const start = startOf(call, containerOf(pod, call.query.get("container")));
    if (["Succeeded", "Failed"].includes(pod.status?.phase ?? "")) {
      throw apiError("BadRequest", `cannot exec in a stopped pod; current phase is ${pod.status!.phase}`);
    }
    const client = kubelets.of(node);
    return {
      type: "upgrade",
      async handle(request, socket, head) {
        const upgrade = (request.headers.upgrade ?? "").toLowerCase();
        if (upgrade === "websocket" && offersExec(request)) return runExec(client, start, await acceptExec(request, socket, head));
        if (upgrade !== "spdy/3.1") throw apiError("BadRequest", `unable to upgrade: ${upgrade || "no protocol"} is not supported`);
        const wanted = { stdin: start.stdin, stdout: start.stdout, stderr: start.stderr, resize: start.tty };
        return runExec(client, start, await acceptSpdyExec(kernel.clock, request, socket, head, wanted));
      },
    };
  };
}

function startOf({ info, query }: Call, container: string): ExecStart {
  const flag = (name: string) => query.has(name) && isTrue(query.get(name));
  const attach = info.subresource === "attach";
  const command = query.getAll("command");
  if (!attach && command.length === 0) throw apiError("BadRequest", "you must specify at least one command for the container");
  const tty = flag("tty");
  const start = { stdin: flag("stdin"), stdout: flag("stdout"), stderr: flag("stderr") && !tty, tty };
  if (!start.stdin && !start.stdout && !start.stderr)
    throw apiError("BadRequest", "you must specify at least one of stdin, stdout, stderr");
  return ExecStart.fromPartial({ namespace: info.namespace, pod: info.name, container, command: attach ? [] : command, ...start });
}
