export * from "./definition.ts";
export { compilePattern } from "./regex.ts";
export { schemaPaths } from "./schema-paths.ts";
export * from "./structural.ts";
