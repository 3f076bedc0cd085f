import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import type { Clock } from "@flotilla/base";
import { FlagError, type Flags } from "@flotilla/process";
import type { AuditConfig } from "./audit/create.ts";
import type { RequestHeaderConfig } from "./authn/request-header.ts";
import { auditConfig } from "./flags/audit.ts";
import type { FLAGS } from "./flags.ts";
import { type CertificateFiles, Certificates, type CertificateTexts } from "./http/certificates.ts";
import { type Cidr, parseCidr } from "./network/cidr.ts";

/** Everything the server needs to know, with every file read. */
export interface Config {
  etcd: { servers: string[]; tls: { ca?: string; cert?: string; key?: string } };
  /** 0: never. */
  compaction_ms: number;
  tolerations: { notReady_seconds: number; unreachable_seconds: number };
  bindAddress: string;
  securePort: number;
  grpcPort: number;
  advertiseAddress: string;
  /** The serving pair and the authorities of client certificates; read again when the files change. */
  tls: { files: CertificateFiles; texts: CertificateTexts };
  tokenFile: string | undefined;
  anonymous: boolean;
  bootstrapTokens: boolean;
  serviceAccounts: { verify: string[]; sign: string | undefined; issuers: string[]; audiences: string[]; maxExpiration_seconds: number };
  authorizationModes: string[];
  enableAdmission: string[];
  disableAdmission: string[];
  serviceCidr: Cidr;
  nodePorts: { first: number; last: number };
  eventTtl_seconds: number;
  maxInflight: { reading: number; mutating: number };
  requestTimeout_ms: number;
  minRequestTimeout_seconds: number;
  goawayChance: number;
  shutdownDelay_ms: number;
  fairness: boolean;
  encryption: { path: string; text: string; reload: boolean } | undefined;
  audit: AuditConfig;
  aggregation: { proxy: { cert?: string; key?: string }; requestHeader: RequestHeaderConfig };
  kubelet: { ca?: string; cert?: string; key?: string; addressTypes: string[] };
}

/** @throws FlagError naming the flag that is missing or wrong; Error naming a file that cannot be read. */
export async function readConfig(flags: Flags<typeof FLAGS>, clock: Clock): Promise<Config> {
  const file = (path: string | undefined) => (path === undefined ? Promise.resolve(undefined) : readFile(path, "utf8"));
  const need = (name: keyof typeof FLAGS): string => {
    const value = flags[name];
    if (!value || (Array.isArray(value) && value.length === 0)) throw new FlagError(`--${name} is required`);
    return String(value);
  };
  need("etcd-servers");
  const pem = async (entries: Record<string, string | undefined>) => {
    const read = await Promise.all(Object.entries(entries).map(async ([name, path]) => [name, await file(path)] as const));
    return Object.fromEntries(read.filter(([, text]) => text !== undefined)) as Record<string, string>;
  };
  const tlsFiles = { cert: need("tls-cert-file"), key: need("tls-private-key-file"), ca: flags["client-ca-file"] };
  const issuers = flags["service-account-issuer"];
  if (issuers.length === 0 || issuers.includes("")) throw new FlagError("--service-account-issuer can not be empty");
  return {
    etcd: {
      servers: flags["etcd-servers"],
      tls: await pem({ ca: flags["etcd-cafile"], cert: flags["etcd-certfile"], key: flags["etcd-keyfile"] }),
    },
    compaction_ms: flags["etcd-compaction-interval"],
    tolerations: {
      notReady_seconds: flags["default-not-ready-toleration-seconds"],
      unreachable_seconds: flags["default-unreachable-toleration-seconds"],
    },
    bindAddress: flags["bind-address"],
    securePort: flags["secure-port"],
    grpcPort: flags["grpc-port"],
    advertiseAddress: flags["advertise-address"] ?? firstAddress(flags["bind-address"]),
    tls: { files: tlsFiles, texts: await Certificates.read(tlsFiles) },
    tokenFile: await file(flags["token-auth-file"]),
    anonymous: flags["anonymous-auth"],
    bootstrapTokens: flags["enable-bootstrap-token-auth"],
    serviceAccounts: {
      verify: (await Promise.all(flags["service-account-key-file"].map(file))) as string[],
      sign: await file(flags["service-account-signing-key-file"]),
      issuers,
      audiences: flags["api-audiences"].length > 0 ? flags["api-audiences"] : issuers,
      maxExpiration_seconds: Math.floor(flags["service-account-max-token-expiration"] / 1000),
    },
    authorizationModes: flags["authorization-mode"],
    enableAdmission: flags["enable-admission-plugins"],
    disableAdmission: flags["disable-admission-plugins"],
    serviceCidr: parseCidr(flags["service-cluster-ip-range"].split(",")[0]!),
    nodePorts: portRange(flags["service-node-port-range"]),
    eventTtl_seconds: Math.max(1, Math.floor(flags["event-ttl"] / 1000)),
    maxInflight: { reading: flags["max-requests-inflight"], mutating: flags["max-mutating-requests-inflight"] },
    requestTimeout_ms: flags["request-timeout"],
    minRequestTimeout_seconds: flags["min-request-timeout"],
    goawayChance: chance(flags["goaway-chance"]),
    shutdownDelay_ms: flags["shutdown-delay-duration"],
    fairness: flags["enable-priority-and-fairness"],
    encryption: await encryptionOf(flags),
    audit: await auditConfig(flags, clock),
    aggregation: {
      proxy: await pem({ cert: flags["proxy-client-cert-file"], key: flags["proxy-client-key-file"] }),
      requestHeader: {
        clientCa: await file(flags["requestheader-client-ca-file"]),
        allowedNames: flags["requestheader-allowed-names"],
        usernameHeaders: flags["requestheader-username-headers"],
        uidHeaders: flags["requestheader-uid-headers"],
        groupHeaders: flags["requestheader-group-headers"],
        extraPrefixes: flags["requestheader-extra-headers-prefix"],
      },
    },
    kubelet: {
      ...(await pem({
        ca: flags["kubelet-certificate-authority"],
        cert: flags["kubelet-client-certificate"],
        key: flags["kubelet-client-key"],
      })),
      addressTypes: flags["kubelet-preferred-address-types"],
    },
  };
}

type Given = Flags<typeof FLAGS>;

async function encryptionOf(flags: Given): Promise<Config["encryption"]> {
  const path = flags["encryption-provider-config"];
  const reload = flags["encryption-provider-config-automatic-reload"];
  if (path === undefined) {
    if (reload) throw new FlagError('--encryption-provider-config-automatic-reload requires "--encryption-provider-config"');
    return undefined;
  }
  return { path, text: await readFile(path, "utf8"), reload };
}

function chance(value: number): number {
  if (value < 0 || value > 0.02) throw new FlagError("--goaway-chance can not be greater than 0.02 or less than 0");
  return value;
}

function portRange(text: string): { first: number; last: number } {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (!first || !last || Number(first) > Number(last))
    throw new FlagError(`invalid argument ${JSON.stringify(text)} for "--service-node-port-range" flag: want FIRST-LAST`);
  return { first: Number(first), last: Number(last) };
}

/** As upstream: the bind address unless it is "all", else the host's first outward one. */
function firstAddress(bind: string): string {
  if (bind !== "0.0.0.0" && bind !== "::") return bind;
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find(({ internal, family }) => !internal && family === "IPv4")?.address ?? "127.0.0.1";
}
