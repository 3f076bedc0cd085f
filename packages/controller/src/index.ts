export * from "./conditions.ts";
export * from "./expectations.ts";
export * from "./owner-refs.ts";
export * from "./reconciler.ts";
export * from "./semantic-equal.ts";
export * from "./slow-start.ts";
export * from "./template-hash.ts";
export * from "./work-queue.ts";
