export type * from "./client.ts";
export type * from "./informer.ts";
