import { readFileSync, statSync } from "node:fs";
import type { SecureClientSessionOptions } from "node:http2";
import { createSecureContext, type SecureContextOptions, type TlsOptions } from "node:tls";
import type { Logger } from "@flotilla/base";
import type { TlsFiles } from "./options.ts";

/**
 * A certificate, its key and its authorities as the files say now: whoever
 * makes or takes a connection asks, so that rotated certificates are used
 * without a restart, as etcd does for each handshake. Files that cannot be
 * used yet (half of a rotation) are left alone until they can.
 */
export class Certificates {
  private readonly files: TlsFiles;
  private readonly log: Logger;
  private stamp: string;
  private loaded: SecureContextOptions;

  /** @throws when the files cannot be read or do not belong together. */
  constructor(files: TlsFiles, log: Logger) {
    this.files = files;
    this.log = log;
    this.stamp = stampOf(files);
    this.loaded = load(files);
  }

  /** The contents, fresh. */
  get current(): SecureContextOptions {
    this.refresh();
    return this.loaded;
  }

  /** Reads what has changed on the disk. True when it is in use from now on. */
  refresh(): boolean {
    const stamp = stampOf(this.files);
    if (stamp === this.stamp) return false;
    this.stamp = stamp;
    try {
      this.loaded = load(this.files);
      this.log.info("certificate reloaded", { file: this.files.cert });
      return true;
    } catch (error) {
      this.log.warn("certificate on disk cannot be used yet, keeping the one before", { file: this.files.cert, error });
      return false;
    }
  }
}

/** What tells that a file was replaced or rewritten. */
function stampOf({ cert, key, ca }: TlsFiles): string {
  return [cert, key, ca]
    .map((path) => {
      const s = path === undefined ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false });
      return s ? `${s.ino}:${s.size}:${s.mtimeNs}` : "";
    })
    .join();
}

function load({ cert, key, ca }: TlsFiles): SecureContextOptions {
  const options = {
    cert: readFileSync(cert),
    key: readFileSync(key),
    ca: ca ? readFileSync(ca) : undefined,
    minVersion: "TLSv1.2",
  } as const;
  createSecureContext(options); // throws unless the parts belong together
  return options;
}

/** How a listener comes by its certificates. */
export interface ServerTls {
  readonly options: TlsOptions;
  /** Called before each handshake: new certificates to use from now on, if there are any. */
  renewed(): SecureContextOptions | undefined;
}

/** @throws when an https URL has no certificate. */
export function serverTls(url: string, files: TlsFiles | undefined, log: Logger): ServerTls | undefined {
  if (!url.startsWith("https:")) return undefined;
  if (!files) throw new Error(`${url} needs a certificate: give --cert-file and --key-file (or the --peer- ones)`);
  const certificates = new Certificates(files, log);
  const auth = files.ca ? { requestCert: files.clientAuth, rejectUnauthorized: files.clientAuth } : {};
  return {
    options: { ...certificates.current, ...auth },
    renewed: () => (certificates.refresh() ? certificates.current : undefined),
  };
}

/** What to dial other members with, asked for each connection. */
export function clientTls(files: TlsFiles | undefined, log: Logger): () => SecureClientSessionOptions | undefined {
  if (!files) return () => undefined;
  const certificates = new Certificates(files, log);
  return () => certificates.current;
}
