export * from "./definition.ts";
export { compilePattern } from "./regex.ts";
export { ruleFieldPath } from "./rule-field-path.ts";
export { schemaPaths } from "./schema-paths.ts";
export * from "./structural.ts";
