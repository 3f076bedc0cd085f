import { request as httpsRequest } from "node:https";
import { type ComponentStatus, type KubeObject, parseFieldSelector, parseLabelSelector } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import { UnaryChannel } from "@flotilla/rpc";
import { KVService, RangeRequest } from "@flotilla/rpc/gen/etcd/rpc.ts";
import type { Operation } from "../registry/dispatch.ts";
import { notFound } from "../request/errors.ts";
import { Entry } from "../storage/entry.ts";
import type { EtcdConfig } from "../storage/etcd-client.ts";

/** Well, with what it said, or not, with what went wrong. */
export type Health = { message: string } | { error: string };

export interface Component {
  readonly name: string;
  probe(): Promise<Health>;
}

const PROBE_MS_MAX = 20_000;
/** Enough of an answer to show. */
const BODY_CHARS_MAX = 1024;

/** The components that upstream asks, where it looks for them: on this server's own host, and the members of the store. */
export function controlPlane(clock: Clock, etcd: EtcdConfig): Component[] {
  return [
    { name: "controller-manager", probe: () => healthz("https://127.0.0.1:10257/healthz") },
    { name: "scheduler", probe: () => healthz("https://127.0.0.1:10259/healthz") },
    ...etcd.servers.map((address, index) => ({ name: `etcd-${index}`, probe: () => probeMember(clock, address, etcd) })),
  ];
}

/** The certificate is the component's own and not verified, as upstream: nothing secret is sent. */
function healthz(url: string): Promise<Health> {
  return new Promise((resolve) => {
    const request = httpsRequest(url, { rejectUnauthorized: false, timeout: PROBE_MS_MAX }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body = (body + text).slice(0, BODY_CHARS_MAX);
      });
      response.on("end", () => {
        const well = response.statusCode! >= 200 && response.statusCode! < 400;
        resolve(well ? { message: body } : { error: `HTTP probe failed with statuscode: ${response.statusCode}` });
      });
      response.on("error", (error) => resolve({ error: error.message }));
    });
    request.on("timeout", () => request.destroy(new Error("context deadline exceeded")));
    request.on("error", (error) => resolve({ error: `Get ${JSON.stringify(url)}: ${reason(error)}` }));
    request.end();
  });
}

function reason(error: NodeJS.ErrnoException & { address?: string; port?: number }): string {
  return error.code === "ECONNREFUSED" ? `dial tcp ${error.address}:${error.port}: connect: connection refused` : error.message;
}

/** A read of a key tells a member that serves from one that only listens. */
async function probeMember(clock: Clock, address: string, { tls }: EtcdConfig): Promise<Health> {
  const url = address.includes("://") ? address : `http://${address}`;
  const channel = new UnaryChannel(url, url.startsWith("https://") ? tls : {}, clock);
  try {
    await channel.call(KVService.range, RangeRequest.fromPartial({ key: Buffer.from("/registry/health") }), PROBE_MS_MAX);
    return { message: "ok" };
  } catch (error) {
    return { error: (error as Error).message };
  } finally {
    channel.close();
  }
}

async function statusOf({ name, probe }: Component): Promise<ComponentStatus> {
  const health = await probe();
  const told = "message" in health ? { status: "True", message: health.message } : { status: "False", error: health.error };
  return { kind: "ComponentStatus", apiVersion: "v1", metadata: { name }, conditions: [{ type: "Healthy", ...told }] };
}

/** get and list of componentstatuses. */
export function componentStatusOperations(components: readonly Component[]): [string, Operation][] {
  const list: Operation = async (_kernel, call, definition) => {
    const labels = parseLabelSelector(call.query.get("labelSelector") ?? "");
    const fields = parseFieldSelector(definition, call.query.get("fieldSelector") ?? "");
    const statuses = await Promise.all(components.map(statusOf));
    const entries = statuses
      .filter((object) => labels.matches(object.metadata.labels) && fields.matches(object as KubeObject))
      .map((object) => new Entry("", 0, Buffer.from(JSON.stringify(object)), "0", object as KubeObject));
    return { type: "list", definition, entries, metadata: { resourceVersion: "" } };
  };
  const get: Operation = async (_kernel, call, definition) => {
    const component = components.find(({ name }) => name === call.info.name);
    if (!component) throw notFound(definition, call.info.name);
    return { type: "object", code: 200, definition, object: await statusOf(component) };
  };
  return [
    ["/componentstatuses:list", list],
    ["/componentstatuses:get", get],
  ];
}
