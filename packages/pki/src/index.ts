export * from "./bootstrap-token.ts";
export * from "./certificate.ts";
export * from "./cluster.ts";
export * from "./csr.ts";
export { caCertHash, createServiceAccountKey } from "./keys.ts";
export * from "./kubeconfig.ts";
export type { Subject } from "./name.ts";
