// Compiles the facts about Kubernetes' API types into packages/api/src/schema/gen: one module per group and version,
// each one JSON string that is parsed when a type of it is first asked for.
// Usage: node scripts/gen-schema.mjs <facts folder>
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const facts = process.argv[2];
if (!facts) throw new Error("usage: gen-schema.mjs <facts folder>");
const packages = JSON.parse(readFileSync(join(facts, "kubernetes-api-types.json"), "utf8"));
// What the facts of apiextensions are too old for: CEL rules (KEP-2876), selectable fields (KEP-4358); and an empty struct.
Object.assign(packages["apiextensions/v1"], {
  ValidationRule: {
    f: [
      { j: "rule", t: "string", p: "1" },
      { j: "message", t: "string", p: "2", o: true },
      { j: "messageExpression", t: "string", p: "3", o: true },
      { j: "reason", t: "*FieldValueErrorReason", p: "4", o: true },
      { j: "fieldPath", t: "string", p: "5", o: true },
      { j: "optionalOldSelf", t: "*bool", p: "6", o: true },
    ],
  },
  FieldValueErrorReason: { b: "string", enum: ["FieldValueRequired", "FieldValueDuplicate", "FieldValueInvalid", "FieldValueForbidden"] },
  SelectableField: { f: [{ j: "jsonPath", t: "string", p: "1" }] },
  CustomResourceSubresourceStatus: { f: [] },
});
// Enumerations that the facts know as plain strings.
packages["networking/v1"].PathType = { b: "string", enum: ["Exact", "ImplementationSpecific", "Prefix"] };
packages["discovery/v1"].AddressType = { b: "string", enum: ["FQDN", "IPv4", "IPv6"] };
packages["apiextensions/v1"].JSONSchemaProps.f.push({
  j: "x-kubernetes-validations",
  t: "[]ValidationRule",
  p: "44",
  o: true,
  ps: "merge",
  pk: "rule",
  lt: "map",
  lk: ["rule"],
});
packages["apiextensions/v1"].CustomResourceDefinitionVersion.f.push({
  j: "selectableFields",
  t: "[]SelectableField",
  p: "9",
  o: true,
  lt: "atomic",
});
const out = new URL("../packages/api/src/schema/gen/", import.meta.url).pathname;

// Shapes of conversations, not of objects.
const SKIPPED = new Set(["runtime", "admission/v1", "apidiscovery/v2", "apidiscovery/v2beta1"]);
// Types whose JSON form is not their Go structure.
const SCALARS = {
  string: "string",
  bool: "bool",
  int: "int64",
  int32: "int32",
  int64: "int64",
  uint8: "int32",
  float64: "float64",
  any: "raw",
  "types.UID": "string",
  "runtime.RawExtension": "raw",
  "intstr.IntOrString": "intstr",
  "resource.Quantity": "quantity",
  "meta/v1.Time": "time",
  "meta/v1.MicroTime": "microtime",
  "meta/v1.Duration": "duration",
  "meta/v1.FieldsV1": "fields",
  "apiextensions/v1.JSON": "json",
  "apiextensions/v1.JSONSchemaPropsOrArray": "schemaOrArray",
  "apiextensions/v1.JSONSchemaPropsOrBool": "schemaOrBool",
  "apiextensions/v1.JSONSchemaPropsOrStringArray": "schemaOrStrings",
};
// Packages that a prefix of a type may stand for, in the order to look in.
const PREFIXES = {
  metav1: ["meta/v1"],
  corev1: ["core/v1"],
  apiv1: ["core/v1"],
  authenticationv1: ["authentication/v1"],
  v1: ["core/v1", "meta/v1"],
};
const unresolved = new Set();
// List fields that are messages of their own in protobuf: {repeated string items = 1}.
const LIST_MESSAGES = new Set([
  "meta/v1.Verbs",
  "authentication/v1.ExtraValue",
  "authorization/v1.ExtraValue",
  "certificates/v1.ExtraValue",
]);

function resolve(name, home) {
  if (name in SCALARS) return name;
  const [prefix, bare] = name.includes(".") ? name.split(".") : [undefined, name];
  const places = prefix ? PREFIXES[prefix] : [home];
  for (const place of places ?? []) {
    const full = `${place}.${bare}`;
    if (full in SCALARS || packages[place]?.[bare]) return full;
  }
  unresolved.add(`${name} in ${home}`);
  return "any";
}

/** Go type → {container, type, alias}: "[]Container" is list of core/v1.Container. */
function typeOf(go, home) {
  if (go.startsWith("*")) return { ...typeOf(go.slice(1), home), pointer: true };
  if (go === "[]byte") return { type: "bytes" };
  if (go.startsWith("[]")) return { ...typeOf(go.slice(2), home), container: "[]" };
  if (go.startsWith("map[")) {
    const value = typeOf(go.slice(go.indexOf("]") + 1), home);
    return { type: (value.container ?? "") + value.type, alias: value.alias, container: "{}", message: value.message };
  }
  const full = resolve(go, home);
  if (full in SCALARS) return { type: SCALARS[full], ...(full.includes(".") && SCALARS[full] === "string" ? { alias: full } : {}) };
  const [place, name] = full.split(".");
  const found = packages[place][name];
  if (found.f) return { type: full };
  const base = typeOf(found.b, place);
  return { ...base, alias: full, ...(LIST_MESSAGES.has(full) ? { message: true } : {}) };
}

function compile(fields, home) {
  return fields.map((field) => {
    const { container = "", type, alias, pointer, message } = typeOf(field.t, home);
    const number = Number((field.p ?? "0").split(" ")[0]);
    const extra = {
      ...(field.in ? { in: 1 } : {}),
      ...(field.o ? { o: 1 } : {}),
      ...(pointer ? { p: 1 } : {}),
      ...(alias ? { a: alias } : {}),
      ...(message ? { m: 1 } : {}),
      ...(field.ps ? { ps: field.ps } : {}),
      ...(field.pk ? { pk: field.pk } : {}),
      ...(field.lt ? { lt: field.lt } : {}),
      ...(field.lk ? { lk: field.lk } : {}),
      ...(field.st ? { st: field.st } : {}),
      ...(field.d !== undefined ? { d: field.d } : {}),
    };
    return [field.j ?? "", container + type, number, ...(Object.keys(extra).length > 0 ? [extra] : [])];
  });
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const modules = [];
for (const [home, types] of Object.entries(packages)) {
  if (SKIPPED.has(home)) continue;
  const compiled = { types: {}, enums: {} };
  for (const [name, found] of Object.entries(types)) {
    if (found.f) compiled.types[name] = compile(found.f, home);
    else if (found.enum) compiled.enums[name] = found.enum;
  }
  const file = `${home.replace("/", "-")}.ts`;
  writeFileSync(
    join(out, file),
    `// Generated by scripts/gen-schema.mjs: do not edit.\nexport default ${JSON.stringify(JSON.stringify(compiled))};\n`,
  );
  modules.push([home, file]);
}
const imports = modules.map(([home, file]) => `import ${home.replace(/\W/g, "_")} from "./${file}";`);
const entries = modules.map(([home]) => `  "${home}": ${home.replace(/\W/g, "_")},`);
writeFileSync(
  join(out, "index.ts"),
  `// Generated by scripts/gen-schema.mjs: do not edit.\n${imports.join("\n")}\n\n/** Package → JSON text of its types. */\nexport const PACKAGES: Record<string, string> = {\n${entries.join("\n")}\n};\n`,
);
if (unresolved.size > 0) throw new Error(`cannot resolve ${[...unresolved].join(", ")}`);
