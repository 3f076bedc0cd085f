/** Field selectors: `status.phase!=Running,spec.nodeName=n1` (apimachinery/pkg/fields). */
import type { FieldMatcher, ResourceDefinition } from "./definition.ts";
import { apiError } from "./status.ts";
import type { KubeObject } from "./types.ts";

interface Term {
  label: string;
  equal: boolean;
  value: string;
  read(obj: KubeObject): string;
}

const META_FIELDS: Record<string, (obj: KubeObject) => string> = {
  "metadata.name": (obj) => obj.metadata.name ?? "",
  "metadata.namespace": (obj) => obj.metadata.namespace ?? "",
};

export function parseFieldSelector(def: ResourceDefinition, text: string): FieldMatcher {
  const terms = splitTerms(text)
    .filter((part) => part !== "")
    .map((part) => parseTerm(def, text, part));
  return {
    empty: terms.length === 0,
    matches: (obj) => terms.every((term) => (term.read(obj) === term.value) === term.equal),
    exact: (label) => terms.find((term) => term.label === label && term.equal)?.value,
    toString: () => terms.map(({ label, equal, value }) => `${label}${equal ? "=" : "!="}${escapeValue(value)}`).join(","),
  };
}

/** At commas that no backslash escapes. */
function splitTerms(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === ",") {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function parseTerm(def: ResourceDefinition, text: string, part: string): Term {
  const match = /^((?:[^\\=!]|\\.|!(?!=))*)(!=|==|=)(.*)$/s.exec(part);
  if (!match) throw apiError("BadRequest", `invalid selector: '${text}'; can't understand '${part}'`);
  const [, label = "", operator, raw = ""] = match;
  const value = unescapeValue(raw, text);
  const read =
    (Object.hasOwn(META_FIELDS, label) ? META_FIELDS[label] : undefined) ??
    (Object.hasOwn(def.selectableFields, label) ? def.selectableFields[label] : undefined);
  if (!read) throw apiError("BadRequest", unsupported(def, label));
  return { label, equal: operator !== "!=", value, read };
}

function unsupported(def: ResourceDefinition, label: string): string {
  if (Object.keys(def.selectableFields).length > 0) return `field label not supported: ${label}`;
  return `${JSON.stringify(label)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function unescapeValue(raw: string, text: string): string {
  return raw.replace(/\\(.?)|([,=])/gs, (whole, escaped: string | undefined, bare: string | undefined) => {
    if (bare !== undefined) throw apiError("BadRequest", `invalid field selector: unescaped character in value: ${bare}`);
    if (escaped === "\\" || escaped === "," || escaped === "=") return escaped;
    throw apiError("BadRequest", `invalid field selector: invalid escape sequence: ${whole} in ${text}`);
  });
}

const escapeValue = (value: string): string => value.replace(/[\\,=]/g, "\\$&");
