/** Request bodies to objects: JSON, YAML or protobuf, checked against the schema. */
import { parse as parseYaml } from "yaml";
import { bodyText, countMembers, duplicateMembers, parseJson } from "./decode/json.ts";
import type { CustomSchema, Decoded, DecodeOptions, FieldValidation, ResourceDefinition } from "./definition.ts";
import { decodeEnvelope, PROTOBUF_MEDIA_TYPE } from "./protobuf/envelope.ts";
import { conform, DecodeError, isObject } from "./schema/conform.ts";
import { findStruct, structOf } from "./schema/schema.ts";
import { type ApiError, apiError } from "./status.ts";
import type { KubeObject } from "./types.ts";

/** What a body must be. */
export interface ExpectedKind {
  schema: string;
  group: string;
  version: string;
  kind: string;
  custom?: CustomSchema;
  /** Other groupVersions under which clients send the same kind: every API group has its own DeleteOptions. */
  alsoIn?: readonly string[];
}

export function decodeBody(def: ResourceDefinition, body: Uint8Array, options: DecodeOptions = {}): Decoded {
  return decodeAs(def, body, options);
}

export function decodeAs(expected: ExpectedKind, body: Uint8Array, options: DecodeOptions = {}): Decoded {
  try {
    const mediaType = options.contentType?.split(";")[0]?.trim();
    if (mediaType === PROTOBUF_MEDIA_TYPE) return { object: fromProtobuf(expected, body), warnings: [] };
    if (mediaType === "application/yaml") return fromTree(expected, yamlTree(bodyText(body)), undefined, options.fieldValidation);
    if (mediaType && mediaType.toLowerCase() !== "application/json") throw unknownFormat(expected);
    const text = bodyText(body);
    return fromTree(expected, parseTree(expected, text), text, options.fieldValidation);
  } catch (error) {
    if (error instanceof RangeError) throw apiError("BadRequest", `${expected.kind}: exceeded max depth`);
    throw error;
  }
}

/** What whoever made the tree knows of it: problems of its source, and how to speak of one that makes it unusable. */
export interface TreeSource {
  problems?: readonly string[];
  refuse?(problem: string): ApiError;
}

/** An object already parsed (a patch's result) made an object of this kind, in place. */
export function decodeTree(expected: ExpectedKind, tree: unknown, fieldValidation?: FieldValidation, source?: TreeSource): Decoded {
  return fromTree(expected, tree, undefined, fieldValidation, source);
}

function parseTree(expected: ExpectedKind, text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const problem = `couldn't get version/kind; json parse error: ${error.message}`;
    throw apiError("BadRequest", `the object provided is unrecognized (must be of type ${expected.kind}): ${problem} (${summary(text)})`);
  }
}

/** The parser compares each key of a map with all before it: beyond this many, a body could hold the server for minutes. */
const UNIQUE_KEYS_MAX = 10_000;

export function yamlTree(text: string): unknown {
  try {
    const uniqueKeys = (text.match(/[:,]/g)?.length ?? 0) <= UNIQUE_KEYS_MAX;
    return parseYaml(text, { maxAliasCount: 1000, uniqueKeys, version: "1.1", schema: "yaml-1.1", logLevel: "error" });
  } catch (error) {
    throw apiError("BadRequest", `error parsing YAML: ${(error as Error).message.split("\n")[0]}`);
  }
}

/** The beginning of a body, for messages. */
function summary(text: string): string {
  const bytes = new TextEncoder().encode(text.slice(0, 60));
  if (bytes.length === 0) return "<empty>";
  if (text.startsWith("{")) return text.length > 30 ? `${text.slice(0, 30)} ...` : text;
  const hex = Array.from(bytes.slice(0, 30), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return text.length > 30 ? `${hex} ...` : hex;
}

function fromTree(
  expected: ExpectedKind,
  tree: unknown,
  text: string | undefined,
  mode: FieldValidation = "Ignore",
  { problems: known = [], refuse = (problem) => cannotHandle(expected, problem) }: TreeSource = {},
): Decoded {
  if (!isObject(tree)) {
    const shape = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    const message = `couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(tree) ? "array" : typeof tree} into Go value of type ${shape}`;
    throw apiError(
      "BadRequest",
      `the object provided is unrecognized (must be of type ${expected.kind}): ${message} (${summary(text ?? "")})`,
    );
  }
  checkKind(expected, tree);
  const problems = [...known, ...conformTo(expected, tree, text, mode, refuse)];
  const warnings = mode === "Warn" ? problems : [];
  if (mode === "Strict" && problems.length > 0) throw refuse(`strict decoding error: ${problems.join(", ")}`);
  return { object: tree as unknown as KubeObject, warnings };
}

/** Unknown and duplicate fields, in words. */
function conformTo(
  expected: ExpectedKind,
  tree: Record<string, unknown>,
  text: string | undefined,
  mode: FieldValidation,
  refuse: (problem: string) => ApiError,
): string[] {
  try {
    const { unknown, keys } = expected.custom?.conform(tree) ?? conform(structOf(expected.schema), tree);
    if (mode === "Ignore") return [];
    const duplicates = text !== undefined && countMembers(text) !== keys ? duplicateMembers(text) : [];
    return [...duplicates.map((path) => `duplicate field "${path}"`), ...unknown.map((path) => `unknown field "${path}"`)];
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(error.message);
    throw error;
  }
}

function cannotHandle(expected: ExpectedKind, problem: string): ApiError {
  return apiError("BadRequest", `${expected.kind} in version "${expected.version}" cannot be handled as a ${expected.kind}: ${problem}`);
}

/** Fills in a missing kind and version; refuses others. */
function checkKind(expected: ExpectedKind, tree: Record<string, unknown>): void {
  const { kind, apiVersion } = tree;
  const wantedVersion = groupVersion(expected.group, expected.version);
  const wanted = apiVersion === wantedVersion || expected.alsoIn?.includes(apiVersion as string);
  if (typeof apiVersion === "string" && apiVersion !== "" && !wanted) {
    throw apiError("BadRequest", `the API version in the data (${apiVersion}) does not match the expected API version (${wantedVersion})`);
  }
  if (typeof kind === "string" && kind !== "" && kind !== expected.kind) throw wrongKind(expected, kind);
  if (kind === undefined || kind === "" || kind === null) tree["kind"] = expected.kind;
  if (apiVersion === undefined || apiVersion === "" || apiVersion === null) tree["apiVersion"] = wantedVersion;
}

function wrongKind(expected: ExpectedKind, kind: string): ApiError {
  const { version } = expected;
  const home = expected.schema.slice(0, expected.schema.lastIndexOf("."));
  const inner = home.slice(0, home.indexOf("/"));
  const problem = findStruct(`${home}.${kind}`)
    ? `converting (${version}.${kind}) to (${inner}.${expected.kind}): unknown conversion`
    : `no kind "${kind}" is registered for version "${groupVersion(expected.group, version)}" in scheme "flotilla"`;
  return apiError("BadRequest", `${kind} in version "${version}" cannot be handled as a ${expected.kind}: ${problem}`);
}

export function groupVersion(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

/** Custom resources have no numbers for their fields, and so no protobuf. */
function unknownFormat({ custom }: ExpectedKind): ApiError {
  const known = `application/json, application/yaml${custom ? "" : `, ${PROTOBUF_MEDIA_TYPE}`}`;
  return apiError("UnsupportedMediaType", `the body of the request was in an unknown format - accepted media types include: ${known}`);
}

function fromProtobuf(expected: ExpectedKind, body: Uint8Array): KubeObject {
  if (expected.custom) throw unknownFormat(expected);
  const type = structOf(expected.schema);
  try {
    const { apiVersion, kind, tree } = decodeEnvelope(type, body);
    const named: Record<string, unknown> = { apiVersion, kind, ...tree };
    checkKind(expected, named);
    conform(type, named);
    return named as unknown as KubeObject;
  } catch (error) {
    if (error instanceof DecodeError) throw cannotHandle(expected, error.message);
    throw error;
  }
}
