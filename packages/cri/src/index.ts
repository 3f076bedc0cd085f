export * from "./backend.ts";
export { builtinPlugins } from "./cni/builtin/index.ts";
export { createPodNetwork, type PodNetwork } from "./cni/network.ts";
export * from "./errors.ts";
export * from "./flags.ts";
export { addImage, findImage, listImages, type ProcessImage, removeImage, type StoredImage } from "./images.ts";
export { type CriLine, parseCriLine } from "./log/cri-format.ts";
export { createProcessBackend } from "./process/backend.ts";
export { serveCri } from "./server/serve.ts";
