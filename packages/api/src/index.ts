export * from "./definition.ts";
export * from "./field-error.ts";
export * from "./resource-type.ts";
export * from "./status.ts";
export type * from "./types.ts";
