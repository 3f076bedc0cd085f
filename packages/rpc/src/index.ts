export * from "./call.ts";
export * from "./channel.ts";
export * from "./codes.ts";
export * from "./server.ts";
export * from "./status.ts";
export * from "./unary-channel.ts";
