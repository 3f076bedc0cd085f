import { readFile } from "node:fs/promises";
import type { Clock, Logger, Random, Timer } from "@flotilla/base";
import { parseEncryptionConfig } from "./config.ts";
import type { Transformer } from "./transformer.ts";

/** How soon a new file is seen. */
const PERIOD_MS = 1_000;

/**
 * Takes a changed `--encryption-provider-config` without a restart. A file that cannot be read, or is
 * wrong, changes nothing: the keys in use stay.
 */
export class EncryptionReload {
  private readonly path: string;
  private readonly transformer: Transformer;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly log: Logger;
  private current: string;
  private timer: Timer | undefined;

  constructor(ports: { clock: Clock; random: Random; log: Logger }, path: string, text: string, transformer: Transformer) {
    this.path = path;
    this.transformer = transformer;
    this.clock = ports.clock;
    this.random = ports.random;
    this.log = ports.log;
    this.current = text;
  }

  start(): void {
    this.timer = this.clock.setInterval(() => void this.check(), PERIOD_MS);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private async check(): Promise<void> {
    try {
      const text = await readFile(this.path, "utf8");
      if (text === this.current) return;
      this.current = text;
      this.transformer.replace(parseEncryptionConfig(text, this.random));
      this.log.info("loaded new encryption config");
    } catch (error) {
      this.log.error("could not reload the encryption config, the old one stays", { error: (error as Error).message });
    }
  }
}
