import type { Registry } from "@flotilla/api";
import type { Clock, Logger, Random } from "@flotilla/base";
import { FileReload } from "../file-reload.ts";
import { parseEncryptionConfig } from "./config.ts";
import { type GroupResource, Transformer } from "./transformer.ts";

export interface Encryption {
  readonly transformer: Transformer;
  start(): void;
  stop(): void;
}

/** @throws Error when the configuration is wrong: starting without its keys would write plain secrets. */
export function createEncryption(
  { clock, random, log }: { clock: Clock; random: Random; log: Logger },
  config: { path: string; text: string; reload: boolean } | undefined,
  definitions: Registry,
): Encryption | undefined {
  if (!config) return undefined;
  const transformer = new Transformer(parseEncryptionConfig(config.text, random), (folder) => homeOf(definitions, folder));
  const reload = new FileReload(clock, [config.path], [config.text], {
    use([text = ""]) {
      transformer.replace(parseEncryptionConfig(text, random));
      log.info("loaded new encryption config");
    },
    refused: (error) => log.error("could not reload the encryption config, the old one stays", { error }),
  });
  return { transformer, start: () => void (config.reload && reload.start()), stop: () => reload.stop() };
}

/** Custom resources carry their group in the folder's name; what nobody defines is taken as the core group's. */
function homeOf(definitions: Registry, folder: string): GroupResource {
  for (const { storage } of definitions.all())
    if (storage?.resource === folder) return { group: storage.group, resource: storage.resource };
  const dot = folder.lastIndexOf(".");
  return dot < 0 ? { group: "", resource: folder } : { group: folder.slice(0, dot), resource: folder.slice(dot + 1) };
}
