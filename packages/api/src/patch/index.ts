/** Patches of three kinds; each yields the whole new object, which is then decoded like a request body. */

import { bodyText, checkDepth } from "../decode/json.ts";
import { decodeTree } from "../decode.ts";
import type { Decoded, PatchRequest, ResourceDefinition } from "../definition.ts";
import { cloneJson } from "../json-equal.ts";
import { isObject } from "../schema/conform.ts";
import { structOf } from "../schema/schema.ts";
import { apiError } from "../status.ts";
import type { KubeObject } from "../types.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { applyStrategicPatch } from "./strategic.ts";

export function applyPatch(def: ResourceDefinition, live: KubeObject, patch: PatchRequest): Decoded {
  return decodeTree(def, patched(def, cloneJson(live), patch), patch.fieldValidation);
}

function patched(def: ResourceDefinition, live: KubeObject, { type, body }: PatchRequest): unknown {
  const parsed = parse(body);
  if (type === "json") return applyJsonPatch(live, parsed);
  if (!isObject(parsed))
    throw apiError("BadRequest", "error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}");
  if (type === "merge") return applyMergePatch(live, parsed);
  // Which type it is was settled by the URL: clients that send their parent's kind to /scale are understood.
  const { apiVersion, kind } = live;
  return { ...applyStrategicPatch(structOf(def.schema), live as Record<string, unknown>, parsed), apiVersion, kind };
}

function parse(body: Uint8Array): unknown {
  const text = bodyText(body);
  try {
    checkDepth(text);
    return JSON.parse(text);
  } catch (error) {
    throw apiError("BadRequest", `error decoding patch: ${(error as Error).message}`);
  }
}
