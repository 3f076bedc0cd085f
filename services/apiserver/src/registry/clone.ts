/** Names by which the registry knows them. */
export { cloneJson as clone, jsonEqual as equalJson } from "@flotilla/api";
