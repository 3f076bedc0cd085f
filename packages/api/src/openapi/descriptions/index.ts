/**
 * What kinds and fields are for: the texts of `kubectl explain`. Loaded when a document is first asked for, since most
 * processes that know the API never are. A text file has lines "Type: …", below each "  field: …", and
 * "Type = Other: …" where the fields of another type are described the same.
 */
import access from "./access.ts";
import apps from "./apps-v1.ts";
import autoscaling from "./autoscaling.ts";
import batch from "./batch-v1.ts";
import common from "./common.ts";
import pod from "./core-pod.ts";
import core from "./core-v1.ts";
import volume from "./core-volume.ts";
import extension from "./extension.ts";
import meta from "./meta-v1.ts";
import networking from "./networking-v1.ts";
import others from "./others.ts";
import policy from "./policy-v1.ts";
import rbac from "./rbac-v1.ts";
import storage from "./storage-v1.ts";

interface TypeText {
  text: string;
  /** Type whose fields are described the same. */
  like: string | undefined;
  fields: Map<string, string>;
}

/** Group (before the slash of a type's full name) → its texts. */
const TEXTS: Record<string, string[]> = {
  admissionregistration: [extension],
  apiextensions: [extension],
  apiregistration: [extension],
  apps: [apps],
  authentication: [access],
  authorization: [access],
  autoscaling: [autoscaling],
  batch: [batch],
  certificates: [access],
  coordination: [others],
  core: [core, pod, volume],
  discovery: [others],
  events: [others],
  flowcontrol: [others],
  meta: [meta],
  metrics: [others],
  networking: [networking],
  node: [others],
  policy: [policy],
  rbac: [rbac],
  scheduling: [others],
  storage: [storage],
};

const LINE = /^( {2})?([^\s:]+)(?: = (\w+))?: (.*)$/;

function parse(texts: readonly string[]): Map<string, TypeText> {
  const types = new Map<string, TypeText>();
  let current: TypeText | undefined;
  for (const line of texts.join("").split("\n")) {
    const [, indent, name, like, text] = LINE.exec(line) ?? [];
    if (name === undefined || text === undefined) continue;
    if (indent) current?.fields.set(name, text);
    else types.set(name, (current = { text, like, fields: new Map() }));
  }
  return types;
}

const groups = new Map<string, Map<string, TypeText>>();
const COMMON = new Map([...parse([common])].map(([name, { text }]) => [name, text]));

function typesOf(group: string): Map<string, TypeText> {
  let types = groups.get(group);
  if (!types) groups.set(group, (types = parse(TEXTS[group] ?? [])));
  return types;
}

/** The text for a type ("core/v1.PodSpec") or one of its fields; undefined where nothing is written. */
export function describeType(full: string, field?: string): string | undefined {
  const types = typesOf(full.slice(0, full.indexOf("/")));
  const bare = full.slice(full.lastIndexOf(".") + 1);
  const found = types.get(bare);
  if (field === undefined) return found?.text ?? listText(bare, types);
  const like = found?.like === undefined ? undefined : types.get(found.like);
  return found?.fields.get(field) ?? like?.fields.get(field) ?? COMMON.get(field);
}

function listText(bare: string, types: Map<string, TypeText>): string | undefined {
  const item = bare.endsWith("List") ? bare.slice(0, -"List".length) : undefined;
  return item !== undefined && types.has(item) ? `A list of ${item} objects.` : undefined;
}
