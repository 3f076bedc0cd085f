/** Patches of three kinds; each yields the whole new object, which is then decoded like a request body. */

import { bodyText, duplicateMembers, parseJson } from "../decode/json.ts";
import { decodeTree } from "../decode.ts";
import type { Decoded, PatchRequest, PatchType, ResourceDefinition } from "../definition.ts";
import { FieldErrors, invalidError } from "../field-error.ts";
import { cloneJson } from "../json-equal.ts";
import { DecodeError, isObject } from "../schema/conform.ts";
import { structOf } from "../schema/schema.ts";
import { type ApiError, apiError } from "../status.ts";
import type { KubeObject } from "../types.ts";
import { goFormat, inConverterWords } from "./go-format.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { applyStrategicPatch } from "./strategic.ts";

export function applyPatch(def: ResourceDefinition, live: KubeObject, patch: PatchRequest): Decoded {
  const text = bodyText(patch.body);
  const parsed = parse(text, patch.type);
  const result = patched(def, cloneJson(live), patch.type, parsed);
  const repeated = (patch.fieldValidation ?? "Ignore") === "Ignore" ? [] : duplicateMembers(text);
  return decodeTree(def, result, patch.fieldValidation, {
    problems: repeated.map((path) => `duplicate field "${path}"`),
    refuse: (problem) => invalidPatch(patch.type === "strategic" ? goFormat(parsed) : JSON.stringify(result), wording(patch.type, problem)),
  });
}

function patched(def: ResourceDefinition, live: KubeObject, type: PatchType, parsed: unknown): unknown {
  if (type === "json") return applyJsonPatch(live, parsed);
  if (!isObject(parsed)) throw unreadable(type, `json: cannot unmarshal ${goKind(parsed)} into Go value of type map[string]interface {}`);
  if (type === "merge") return applyMergePatch(live, parsed);
  // Which type it is was settled by the URL: clients that send their parent's kind to /scale are understood.
  const { apiVersion, kind } = live;
  return { ...applyStrategicPatch(structOf(def.schema), live as Record<string, unknown>, parsed), apiVersion, kind };
}

function parse(text: string, type: PatchType): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof DecodeError) throw unreadable(type, error.message);
    throw error;
  }
}

const unreadable = (type: PatchType, problem: string): ApiError =>
  apiError("BadRequest", type === "merge" ? `error decoding patch: ${problem}` : problem);

const wording = (type: PatchType, problem: string): string => (type === "strategic" ? inConverterWords(problem) : problem);

const goKind = (value: unknown): string => (Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value);

/** A result that is no object of its kind: 422, so that `kubectl edit` opens its editor again. */
function invalidPatch(shown: string, problem: string): ApiError {
  const errors = new FieldErrors();
  errors.invalid("patch", shown, problem);
  return invalidError("", "", "", errors);
}
