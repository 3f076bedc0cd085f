import {
  applyPatch,
  applyServerSide,
  checkIdentity,
  cloneJson,
  decodeAs,
  groupVersion,
  isNotFound,
  type KubeObject,
  type ResourceDefinition,
} from "@flotilla/api";
import { scales } from "@flotilla/api/resources/scale.ts";
import { throughView } from "../admission/admission.ts";
import type { Call, Reply } from "../request/call.ts";
import { conflict, MODIFIED, methodNotAllowed, notFound } from "../request/errors.ts";
import { decodeOptionsOf } from "./create.ts";
import { getEntry } from "./get.ts";
import type { Kernel } from "./kernel.ts";
import { type WriteOptions, writeOptions } from "./options.ts";
import { APPLY, mediaType, patchTypeOf } from "./patch.ts";
import { modify } from "./update.ts";

const { schema, group, version, kind } = scales;
const SCALE = { schema, group, version, kind };

/** get, update and patch of …/scale: the object seen as autoscaling/v1 Scale. */
export async function scale(kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> {
  const view = def.scale;
  if (!view) throw methodNotAllowed();
  if (call.info.verb === "get") {
    const entry = await getEntry(kernel, def, call.info.namespace, call.info.name, call.query.get("resourceVersion")).catch((error) => {
      throw isNotFound(error) && !def.custom ? notFound({ ...def, resource: `${def.resource}/scale` }, call.info.name) : error;
    });
    return asScale(view.get(entry.object));
  }
  const applies = APPLY.has(mediaType(call.contentType));
  const options = writeOptions(call, applies);
  const body = await call.body();
  if (applies) return apply(kernel, call, def, view, options, body);
  const transform = call.info.verb === "update" ? fullScale(call, body, decodeOptionsOf(call, options)) : patchedScale(call, def, body);
  // Plug-ins and webhooks see what the client sends, and so does their answer to it.
  const admitting: Kernel = { ...kernel, admission: throughView(kernel.admission, view, scales) };
  const reply = await modify(admitting, call, def, options, (current) => {
    const wanted = transform(view.get(current));
    const version = wanted.metadata.resourceVersion;
    if (version && version !== current.metadata.resourceVersion) throw conflict(def, call.info.name, MODIFIED);
    const object = cloneJson(current);
    view.set(object, wanted);
    return { object };
  });
  return reply.type === "object" ? asScale(view.get(reply.object as KubeObject)) : reply;
}

/** What is applied to the scale is applied to the one field of the object that it shows. */
async function apply(
  kernel: Kernel,
  call: Call,
  def: ResourceDefinition,
  view: NonNullable<ResourceDefinition["scale"]>,
  options: WriteOptions,
  body: Uint8Array,
): Promise<Reply> {
  const { object: wanted } = decodeAs(SCALE, body, { contentType: "application/yaml" });
  const partial: KubeObject = { apiVersion: groupVersion(def.group, def.version), kind: def.kind, metadata: { name: call.info.name } };
  view.set(partial, wanted);
  const { manager, force } = options;
  const request = { body: Buffer.from(JSON.stringify(partial)), manager, force, subresource: "scale", now_ms: kernel.clock.now() };
  const reply = await modify(kernel, call, def, options, (current) => ({
    object: applyServerSide(def, current, request).object,
    applied: true,
  }));
  return reply.type === "object" ? asScale(view.get(reply.object as KubeObject)) : reply;
}

function fullScale(call: Call, body: Uint8Array, options: Parameters<typeof decodeAs>[2]) {
  const { object, warnings } = decodeAs(SCALE, body, options);
  call.warnings.push(...warnings);
  return (): KubeObject => object;
}

function patchedScale(call: Call, def: ResourceDefinition, body: Uint8Array) {
  const type = patchTypeOf(mediaType(call.contentType));
  // Patching needs no more of a definition than its kind and schema.
  const { custom: _, ...rest } = def;
  const definition: ResourceDefinition = { ...rest, ...SCALE, listKind: "ScaleList" };
  return (current: KubeObject): KubeObject => {
    const { object, warnings } = applyPatch(definition, current, { type, body });
    call.warnings.push(...warnings);
    checkIdentity(def, object, { namespace: call.info.namespace, name: call.info.name });
    return object;
  };
}

const asScale = (object: KubeObject): Reply => ({ type: "object", code: 200, definition: scales, object });
