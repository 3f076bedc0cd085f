export { type ApiServer, createApiServer } from "./assemble.ts";
export type { Config } from "./config.ts";
