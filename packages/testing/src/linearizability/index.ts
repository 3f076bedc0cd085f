export * from "./acknowledged.ts";
export * from "./check.ts";
export * from "./kv-model.ts";
export * from "./operation.ts";
export * from "./watches.ts";
