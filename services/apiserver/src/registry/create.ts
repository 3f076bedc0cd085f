import {
  type ApiError,
  applyDefaults,
  beforeCreate,
  checkIdentity,
  cloneJson,
  type Decoded,
  decodeBody,
  isAlreadyExists,
  type KubeObject,
  type ResourceDefinition,
  trackManagedFields,
} from "@flotilla/api";
import { giveBack } from "../admission/admission.ts";
import { type Call, entryReply, type Reply } from "../request/call.ts";
import { alreadyExists, methodNotAllowed } from "../request/errors.ts";
import type { Entry } from "../storage/entry.ts";
import { hookOf } from "./hooks.ts";
import { cacheOf, type Kernel, keyOf, preparedView, storedBytes, writeContext } from "./kernel.ts";
import { type WriteOptions, writeOptions } from "./options.ts";
import { dedupOwners } from "./owners.ts";

/** How often a taken generated name is replaced by another (upstream since 1.30). */
const GENERATED_NAMES_MAX = 8;

export async function create(kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> {
  if (call.info.name !== "" || (def.namespaced && call.info.namespace === "")) throw methodNotAllowed();
  const options = writeOptions(call);
  const decoded = decodeBody(def, await call.body(), decodeOptionsOf(call, options));
  call.warnings.push(...decoded.warnings);
  checkIdentity(def, decoded.object, { namespace: call.info.namespace });
  return createObject(kernel, call, def, decoded, options);
}

export function decodeOptionsOf(call: Call, options: WriteOptions) {
  return { ...(call.contentType ? { contentType: call.contentType } : {}), fieldValidation: options.fieldValidation };
}

/** From a decoded object on: also server-side apply of what does not exist yet. */
export async function createObject(
  kernel: Kernel,
  call: Call,
  def: ResourceDefinition,
  decoded: Pick<Decoded, "object">,
  options: WriteOptions & { applied?: boolean },
): Promise<Reply> {
  const { object } = decoded;
  const generated = !object.metadata.name && !!object.metadata.generateName;
  for (let attempt = 1; ; attempt++) {
    try {
      return await createOnce(kernel, call, def, generated ? cloneJson(object) : object, options);
    } catch (error) {
      if (!generated || !isAlreadyExists(error) || attempt >= GENERATED_NAMES_MAX) throw error;
    }
  }
}

async function createOnce(
  kernel: Kernel,
  call: Call,
  def: ResourceDefinition,
  object: KubeObject,
  options: WriteOptions & { applied?: boolean },
): Promise<Reply> {
  const { namespace } = call.info;
  const context = writeContext(kernel, namespace, call.user);
  const attributes = {
    operation: "CREATE" as const,
    definition: def,
    namespace,
    name: object.metadata.name ?? "",
    subresource: "",
    user: call.user,
    dryRun: options.dryRun,
    warnings: call.warnings,
    onFailure: [],
    annotations: call.annotations,
  };
  dedupOwners(object, call.warnings, false);
  applyDefaults(def, object);
  // Before admission and the strategy: what the server itself adds, nobody owns.
  if (!options.applied) trackManagedFields(def, object, undefined, { manager: options.manager, now_ms: context.now_ms });
  await kernel.admission.mutate(attributes, object, undefined);
  dedupOwners(object, call.warnings, true);
  call.warnings.push(...beforeCreate(def, object, context));
  await kernel.admission.validate({ ...attributes, name: object.metadata.name! }, object, undefined);
  if (options.dryRun) return { type: "object", code: 201, definition: def, object };
  const entry = await writeNew(kernel, def, object).catch(async (error) => {
    await giveBack(attributes);
    throw error;
  });
  return entryReply(201, def, entry);
}

function taken(kernel: Kernel, def: ResourceDefinition, key: string, name: string): ApiError {
  const error = alreadyExists(def, name);
  if (cacheOf(kernel, def).get(key)?.object.metadata.deletionTimestamp)
    error.status.message = `object is being deleted: ${error.status.message}`;
  return error;
}

async function writeNew(kernel: Kernel, def: ResourceDefinition, object: KubeObject): Promise<Entry> {
  const name = object.metadata.name!;
  const hook = hookOf(kernel.hooks, def);
  const claim = await hook?.beforeWrite?.(object, undefined);
  try {
    const lease = await hook?.lease?.(object);
    const key = keyOf(def, object.metadata.namespace ?? "", name);
    const result = await kernel.store.create(key, await storedBytes(def, object), lease);
    if (!result.ok) throw taken(kernel, def, key, name);
    await hook?.afterWrite?.(object, undefined);
    return await preparedView(def, result.entry);
  } catch (error) {
    await claim?.release();
    throw error;
  }
}
