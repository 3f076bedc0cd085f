import type { X509Certificate } from "node:crypto";
import type { KubeObject } from "@flotilla/api";
import type { Timer } from "@flotilla/base";
import type { RequestHeaderConfig } from "../authn/request-header.ts";
import { ensure } from "../bootstrap/namespaces.ts";
import { certificatesOf } from "../http/authorities.ts";
import type { Certificates } from "../http/certificates.ts";
import { cacheOf, type Kernel, keyOf } from "../registry/kernel.ts";
import { modifyStored } from "../registry/modify-stored.ts";

const NAMESPACE = "kube-system";
const NAME = "extension-apiserver-authentication";
/** Several changes that come together are one. */
const SETTLE_MS = 100;
/** What could not be written is tried again. */
const RETRY_MS = 10_000;

type Data = Record<string, string>;

/**
 * Keeps the ConfigMap from which extension servers learn whom to believe (upstream's cluster authentication trust
 * controller): what this server trusts is always in it, beside what other replicas do.
 */
export class AuthenticationConfig {
  readonly #kernel: Kernel;
  readonly #certificates: Pick<Certificates, "current" | "onRenewed">;
  readonly #header: RequestHeaderConfig;
  #unsubscribe = () => {};
  #timer: Timer | undefined;
  #stopped = false;

  constructor(kernel: Kernel, certificates: Pick<Certificates, "current" | "onRenewed">, header: RequestHeaderConfig) {
    this.#kernel = kernel;
    this.#certificates = certificates;
    this.#header = header;
  }

  /** After the store has been read. Resolves when it is written for the first time. */
  async start(): Promise<void> {
    const { store } = this.#kernel;
    await this.#sync();
    this.#unsubscribe = store.cache("configmaps").subscribe(store.revision, ({ entry }) => {
      if (entry.name === NAME && entry.namespace === NAMESPACE) this.#changed(SETTLE_MS);
    });
    this.#certificates.onRenewed(() => this.#changed(SETTLE_MS));
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
    this.#timer?.cancel();
  }

  #changed(delay_ms: number): void {
    if (this.#stopped) return;
    this.#timer ??= this.#kernel.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#sync().catch((error: Error) => {
        if (!this.#stopped) this.#kernel.log.warn("extension servers' authentication config not written", { error: error.message });
        this.#changed(RETRY_MS);
      });
    }, delay_ms);
  }

  async #sync(): Promise<void> {
    const kernel = this.#kernel;
    const definition = kernel.definitions.find("", "v1", "configmaps")!;
    const now_ms = kernel.clock.now();
    const own = ownData(this.#certificates.current.ca, this.#header);
    const object: KubeObject = { kind: "ConfigMap", apiVersion: "v1", metadata: { name: NAME, namespace: NAMESPACE }, data: own };
    await ensure(kernel, definition, NAMESPACE, object);
    await kernel.store.fresh();
    if (!cacheOf(kernel, definition).get(keyOf(definition, NAMESPACE, NAME))) return;
    await modifyStored(kernel, definition, NAMESPACE, NAME, (live) => {
      const data = combined((live["data"] ?? {}) as Data, own, now_ms);
      const same = Object.keys({ ...data, ...(live["data"] as Data) }).every((key) => data[key] === (live["data"] as Data)?.[key]);
      return same ? undefined : { ...live, data };
    });
  }
}

/** What one server trusts, in the ConfigMap's words. */
export function ownData(clientCa: string | undefined, header: RequestHeaderConfig): Data {
  const list = (values: readonly string[]) => JSON.stringify(values);
  return {
    ...(clientCa ? { "client-ca-file": clientCa } : {}),
    ...(header.clientCa
      ? {
          "requestheader-allowed-names": list(header.allowedNames),
          "requestheader-client-ca-file": header.clientCa,
          "requestheader-extra-headers-prefix": list(header.extraPrefixes),
          "requestheader-group-headers": list(header.groupHeaders),
          "requestheader-uid-headers": list(header.uidHeaders),
          "requestheader-username-headers": list(header.usernameHeaders),
        }
      : {}),
  };
}

/** Both servers' words: each authority and each name once, those there already first; authorities that have expired go. Pure. */
export function combined(known: Data, own: Data, now_ms: number): Data {
  const result: Data = { ...known };
  for (const [key, value] of Object.entries(own)) {
    const before = known[key];
    if (key.endsWith("-ca-file")) result[key] = combinedBundle(before, value, now_ms);
    else result[key] = JSON.stringify([...new Set([...listOf(before), ...listOf(value)])]);
  }
  return result;
}

function combinedBundle(before: string | undefined, own: string, now_ms: number): string {
  const valid = (bundle: string) => readable(bundle).filter(({ validToDate }) => validToDate.getTime() > now_ms);
  const wanted = valid(own).map(({ fingerprint256 }) => fingerprint256);
  const all = new Map([...valid(before ?? ""), ...valid(own)].map((certificate) => [certificate.fingerprint256, certificate]));
  // A server alone says it in its file's own words.
  if (all.size === new Set(wanted).size && wanted.length > 0) return own;
  return [...all.values()].map(String).join("");
}

function readable(bundle: string): X509Certificate[] {
  try {
    return certificatesOf(bundle);
  } catch {
    // What somebody else has spoilt is not carried on.
    return [];
  }
}

function listOf(text: string | undefined): string[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list.map(String) : [];
  } catch {
    return [];
  }
}
