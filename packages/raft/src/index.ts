export { applyChange, type ConfChange, ConfChangeError, type ConfStep, isJoint } from "./conf-change.ts";
export * from "./message.ts";
export type { NodeOptions } from "./node-options.ts";
export { everyone, isVoter } from "./quorum.ts";
export { type Proposed, RawNode } from "./raw-node.ts";
export type { ReadState } from "./read-index.ts";
export type { Ready, Status } from "./ready.ts";
export { RULES, type Rules } from "./rules.ts";
