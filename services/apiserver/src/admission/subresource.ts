import type { KubeObject, ResourceDefinition } from "@flotilla/api";
import type { Operation } from "../registry/dispatch.ts";
import type { Kernel } from "../registry/kernel.ts";
import type { Call } from "../request/call.ts";
import { isTrue } from "../request/request-info.ts";

/** Asks admission about a request that writes no object of its own: an eviction, a binding, a token, a stream. */
export async function admitSubresource(
  kernel: Pick<Kernel, "admission">,
  call: Call,
  definition: ResourceDefinition,
  operation: "CREATE" | "CONNECT",
  object: KubeObject,
  dryRun = false,
): Promise<void> {
  const { namespace, name, subresource } = call.info;
  const { user, warnings, annotations } = call;
  const attributes = { operation, definition, namespace, name, subresource, user, dryRun, warnings, annotations };
  await kernel.admission.validate(attributes, object, undefined);
}

/** Options of the query that are no text. */
const FLAGS = new Set(["stdin", "stdout", "stderr", "tty"]);
const LISTS = new Set(["command", "ports"]);

/** The operation behind admission's CONNECT: what is connected to, and how, stands in an object of `kind`. */
export function connecting(kind: string, operation: Operation): Operation {
  return async (kernel, call, def) => {
    const options: Record<string, unknown> = {};
    for (const name of new Set(call.query.keys())) {
      const values = call.query.getAll(name);
      options[name] = LISTS.has(name) ? values : FLAGS.has(name) ? isTrue(values[0]) : values[0];
    }
    const object = { kind, apiVersion: "v1", ...options } as unknown as KubeObject;
    await admitSubresource(kernel, call, def, "CONNECT", object);
    return operation(kernel, call, def);
  };
}
