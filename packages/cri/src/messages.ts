/** CRI's messages for the adapters, which know this room and not the stubs. */
export * from "@flotilla/rpc/gen/cri/v1/api.ts";
