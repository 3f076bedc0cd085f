import { jsonEqual } from "../json-equal.ts";
import type { CustomResourceDefinition } from "../types.ts";
import type { JsonSchema } from "./structural.ts";

/** A definition's schemas and where upstream says they stand: one for all versions is the definition's own. */
export function schemaPaths({ spec }: CustomResourceDefinition): { path: string; schema: JsonSchema }[] {
  const schemas = (spec?.versions ?? []).map(({ schema }) => schema?.openAPIV3Schema as JsonSchema | undefined);
  const [first] = schemas;
  if (first && schemas.every((schema) => jsonEqual(schema, first))) return [{ path: "spec.validation.openAPIV3Schema", schema: first }];
  return schemas.flatMap((schema, index) => (schema ? [{ path: `spec.versions[${index}].schema.openAPIV3Schema`, schema }] : []));
}
