import { apiError } from "@flotilla/api";
import type { LogsReply, LogsRequest } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { ServerWritableStream } from "@grpc/grpc-js";
import type { ObservedContainer } from "../cri/observed.ts";
import type { Kubelet } from "../kubelet.ts";
import { allContainers, allStatuses } from "../pods/pod.ts";
import { findPod, logContainerId } from "./find.ts";
import { streamLog } from "./log-file.ts";

/** kubectl logs of one container. @throws ApiError */
export async function serveLogs(kubelet: Kubelet, call: ServerWritableStream<LogsRequest, LogsReply>, signal: AbortSignal): Promise<void> {
  const { request } = call;
  const { clock, observer } = kubelet.kit;
  const pod = findPod(kubelet, request.namespace, request.pod);
  const container = request.container || allContainers(pod)[0]?.name || "";
  const statuses = allStatuses(kubelet.status.current(pod));
  const id = logContainerId(pod, statuses, container, request.previous);
  const withId = ({ containers }: { containers: readonly ObservedContainer[] }) => containers.find((each) => each.id === id);
  const uid = pod.metadata.uid!;
  // One that came and went a moment ago may be in the status already and not yet in what was looked at last.
  const found = withId(await observer.get(uid, 0)) ?? withId(await observer.observe(uid));
  if (!found?.logPath) throw apiError("NotFound", `the log of container "${container}" is no longer on this node`);
  const running = async () => (await observer.get(pod.metadata.uid!, 0)).containers.some((c) => c.id === id && c.state === "running");
  const write = (data: Buffer) =>
    new Promise<void>((resolve) => {
      if (call.write({ data })) return resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
      call.once("drain", resolve);
    });
  const since_ms = request.sinceTime
    ? Date.parse(request.sinceTime)
    : request.sinceSeconds > 0
      ? clock.now() - request.sinceSeconds * 1000
      : undefined;
  await streamLog(
    found.logPath,
    {
      follow: request.follow,
      timestamps: request.timestamps,
      since_ms,
      ...(request.tailLines >= 0 ? { tailLines: request.tailLines } : {}),
      ...(request.limitBytes > 0 ? { limitBytes: request.limitBytes } : {}),
    },
    { clock, running, write },
    signal,
  ).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw apiError("NotFound", `the log of container "${container}" is no longer on this node`);
    }
    throw error;
  });
}
