import type { Call } from "../request/call.ts";

const MUTATING = new Set(["create", "update", "patch", "delete", "deletecollection"]);

/** The request's body as the event shows it: JSON as it is; what is none is left out. */
export async function parseBody(call: Call): Promise<unknown> {
  if (!call.info.isResource || !MUTATING.has(call.info.verb)) return undefined;
  try {
    const bytes = await call.body();
    if (bytes.length === 0) return undefined;
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
