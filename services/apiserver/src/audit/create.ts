import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Clock, Logger } from "@flotilla/base";
import { parse } from "yaml";
import { Audit, type AuditBackend } from "./audit.ts";
import { logBackend } from "./log-backend.ts";
import { LogFile, type LogFileOptions } from "./log-file.ts";
import { parseAuditPolicy } from "./policy.ts";
import { WebhookBackend, type WebhookOptions, type WebhookTarget } from "./webhook-backend.ts";

export interface AuditConfig {
  /** The policy's text; undefined: nothing is recorded. */
  policy: string | undefined;
  log: (LogFileOptions & { mode: "blocking" | "batch" }) | undefined;
  webhook: (WebhookOptions & { target: WebhookTarget }) | undefined;
}

/** @throws Error when the policy is wrong or the log cannot be opened. */
export function createAudit(ports: { clock: Clock; log: Logger }, config: AuditConfig): Audit | undefined {
  const { policy, log, webhook } = config;
  const backends: AuditBackend[] = [
    ...(log ? [logBackend(new LogFile(ports.clock, log), log.mode)] : []),
    ...(webhook ? [new WebhookBackend(ports, webhook.target, webhook)] : []),
  ];
  if (policy === undefined || backends.length === 0) return undefined;
  return new Audit(ports.clock, ports.log, parseAuditPolicy(policy), backends);
}

interface Kubeconfig {
  "current-context"?: string;
  clusters?: { name: string; cluster: Record<string, string> }[];
  users?: { name: string; user: Record<string, string> }[];
  contexts?: { name: string; context: { cluster: string; user: string } }[];
}

/** @throws Error when the file names no server. */
export async function readWebhookTarget(path: string): Promise<WebhookTarget> {
  const config = (parse(await readFile(path, "utf8")) ?? {}) as Kubeconfig;
  const context = (config.contexts?.find(({ name }) => name === config["current-context"]) ?? config.contexts?.[0])?.context;
  const cluster = (config.clusters?.find(({ name }) => name === context?.cluster) ?? config.clusters?.[0])?.cluster ?? {};
  const user = (config.users?.find(({ name }) => name === context?.user) ?? config.users?.[0])?.user ?? {};
  const { server } = cluster;
  if (!server) throw new Error(`${path}: no cluster with a server`);
  const text = async (from: Record<string, string>, name: string) => {
    const inline = from[`${name}-data`];
    if (inline) return Buffer.from(inline, "base64").toString();
    return from[name] ? readFile(resolve(dirname(path), from[name]), "utf8") : undefined;
  };
  const [ca, cert, key] = await Promise.all([
    text(cluster, "certificate-authority"),
    text(user, "client-certificate"),
    text(user, "client-key"),
  ]);
  return {
    server,
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(user["token"] ? { token: user["token"] } : {}),
  };
}
