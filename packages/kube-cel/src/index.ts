export * from "./structural.ts";
