export * from "./authorizer.ts";
export { builtinType, withMetadata } from "./builtin.ts";
export { escapedName } from "./names.ts";
export * from "./policy.ts";
export { occurrencesMax } from "./sizes.ts";
export * from "./structural.ts";
export * from "./type-check.ts";
