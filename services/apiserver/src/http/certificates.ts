import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Clock, Logger, Timer } from "@flotilla/base";

/** PEM texts that the server shows and trusts. */
export interface CertificateTexts {
  cert: string;
  key: string;
  ca?: string;
}

export interface CertificateFiles {
  cert: string;
  key: string;
  ca: string | undefined;
}

const PERIOD_MS = 1_000;

/**
 * The serving certificate and the client authorities, read again when their files change: connections made
 * from then on see the new ones, open ones stay. A pair that does not fit together (one file is written
 * before the other) is left until it does.
 */
export class Certificates {
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly files: CertificateFiles;
  private readonly listeners: ((texts: CertificateTexts) => void)[] = [];
  private timer: Timer | undefined;
  private refused: string | undefined;
  current: CertificateTexts;

  constructor(ports: { clock: Clock; log: Logger }, files: CertificateFiles, texts: CertificateTexts) {
    this.clock = ports.clock;
    this.log = ports.log;
    this.files = files;
    this.current = texts;
  }

  /** @throws Error naming a file that cannot be read. */
  static async read(files: CertificateFiles): Promise<CertificateTexts> {
    const [cert, key, ca] = await Promise.all([
      readFile(files.cert, "utf8"),
      readFile(files.key, "utf8"),
      files.ca === undefined ? undefined : readFile(files.ca, "utf8"),
    ]);
    return { cert, key, ...(ca === undefined ? {} : { ca }) };
  }

  onRenewed(listener: (texts: CertificateTexts) => void): void {
    this.listeners.push(listener);
  }

  start(): void {
    this.timer = this.clock.setInterval(() => void this.check(), PERIOD_MS);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private async check(): Promise<void> {
    try {
      const texts = await Certificates.read(this.files);
      const { cert, key, ca } = this.current;
      if (texts.cert === cert && texts.key === key && texts.ca === ca) return;
      createSecureContext(texts);
      this.current = texts;
      for (const listener of this.listeners) listener(texts);
      this.log.info("serving a renewed certificate");
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.refused) this.log.warn("a changed certificate cannot be used yet", { error: message });
      this.refused = message;
    }
  }
}
