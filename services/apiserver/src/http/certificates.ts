import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Clock, Logger } from "@flotilla/base";
import { FileReload } from "../file-reload.ts";

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

/**
 * The serving certificate and the client authorities, read again when their files change: connections made
 * from then on see the new ones, open ones stay. A pair that does not fit together (one file is written
 * before the other) is left until it does.
 */
export class Certificates {
  private readonly reload: FileReload;
  private readonly listeners: ((texts: CertificateTexts) => void)[] = [];
  current: CertificateTexts;

  constructor({ clock, log }: { clock: Clock; log: Logger }, files: CertificateFiles, texts: CertificateTexts) {
    this.current = texts;
    this.reload = new FileReload(clock, inOrder(files), inOrder(texts), {
      use: (changed) => {
        this.renew(textsOf(changed));
        log.info("serving a renewed certificate");
      },
      refused: (error) => log.warn("a changed certificate cannot be used yet", { error }),
    });
  }

  /** @throws Error naming a file that cannot be read. */
  static async read(files: CertificateFiles): Promise<CertificateTexts> {
    return textsOf(await Promise.all(inOrder(files).map((path) => readFile(path, "utf8"))));
  }

  onRenewed(listener: (texts: CertificateTexts) => void): void {
    this.listeners.push(listener);
  }

  start(): void {
    this.reload.start();
  }

  stop(): void {
    this.reload.stop();
  }

  /** @throws Error when they do not fit together. */
  private renew(texts: CertificateTexts): void {
    createSecureContext(texts);
    this.current = texts;
    for (const listener of this.listeners) listener(texts);
  }
}

const inOrder = ({ cert, key, ca }: { cert: string; key: string; ca?: string | undefined }): string[] =>
  ca === undefined ? [cert, key] : [cert, key, ca];

function textsOf([cert = "", key = "", ca]: readonly string[]): CertificateTexts {
  return { cert, key, ...(ca === undefined ? {} : { ca }) };
}
