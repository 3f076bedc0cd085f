import { decodeAs, type Registry } from "@flotilla/api";
import { parse } from "yaml";
import type { Call } from "../request/call.ts";

const MUTATING = new Set(["create", "update", "patch", "delete", "deletecollection"]);
const PROTOBUF = "application/vnd.kubernetes.protobuf";

/**
 * Notes the bytes that the request's own operation reads. Auditing never reads a body itself: what was refused before
 * anybody looked at it may never come, and a proxied one belongs to the other server.
 */
export function noteBody(call: Call): () => Uint8Array | undefined {
  if (!call.info.isResource || !MUTATING.has(call.info.verb)) return () => undefined;
  let noted: Uint8Array | undefined;
  const read = call.body.bind(call);
  call.body = async () => (noted = await read());
  return () => noted;
}

/** The body as the event shows it: JSON as it is, other forms as JSON; undefined: it is none. */
export function shownBody(definitions: Pick<Registry, "find">, call: Call, bytes: Uint8Array | undefined): unknown {
  if (!bytes || bytes.length === 0) return undefined;
  const mediaType = (call.contentType ?? "").split(";")[0]!.trim().toLowerCase();
  try {
    if (mediaType === PROTOBUF) return decoded(definitions, call, bytes);
    const text = Buffer.from(bytes).toString();
    return mediaType.endsWith("yaml") ? parse(text) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function decoded(definitions: Pick<Registry, "find">, { info, contentType }: Call, bytes: Uint8Array): unknown {
  const definition = definitions.find(info.group, info.version, info.resource);
  if (!definition || info.subresource !== "") return undefined;
  return decodeAs(definition, bytes, { contentType: contentType!, fieldValidation: "Ignore" }).object;
}
