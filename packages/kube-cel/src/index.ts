export { occurrencesMax } from "./sizes.ts";
export * from "./structural.ts";
