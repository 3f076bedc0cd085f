export * from "./errors.ts";
export { hashKv } from "./hash.ts";
export * from "./lessor.ts";
export { range } from "./range.ts";
export { Store } from "./store.ts";
export { deleteRange, put, type Space, txn } from "./txn.ts";
export * from "./types.ts";
export * from "./watch-hub.ts";
