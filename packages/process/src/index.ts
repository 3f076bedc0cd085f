export * from "./flags.ts";
export * from "./logger.ts";
export * from "./main.ts";
export * from "./system-clock.ts";
export * from "./system-random.ts";
