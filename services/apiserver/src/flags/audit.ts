import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Clock } from "@flotilla/base";
import { bearerToken } from "@flotilla/client/credentials.ts";
import { loadKubeconfig } from "@flotilla/client/kubeconfig.ts";
import { FlagError, type FlagSpecs, type Flags } from "@flotilla/process";
import { AUDIT_MODES, type AuditConfig, type AuditMode, type Delivery } from "../audit/create.ts";
import type { WebhookTarget } from "../audit/webhook-sink.ts";

const MODE_HELP = `Strategy for sending audit events: batch does not keep answers waiting, blocking does, blocking-strict refuses requests whose event is lost.`;

/** kube-apiserver's names and defaults. */
export const AUDIT_FLAGS = {
  "audit-policy-file": { type: "string", help: "File with the policy that says which requests are recorded." },
  "audit-log-path": { type: "string", help: "File to which audit events are written; '-' means standard out." },
  "audit-log-format": { type: "string", default: "json", help: "Format of saved audits; json is the one." },
  "audit-log-maxage": { type: "int", default: 0, help: "Days to keep old audit log files; 0 for ever." },
  "audit-log-maxbackup": { type: "int", default: 0, help: "Old audit log files to keep; 0 for all." },
  "audit-log-maxsize": { type: "int", default: 0, help: "Megabytes after which the audit log file is turned over; 0 means 100." },
  "audit-log-compress": { type: "bool", default: false, help: "Compress old audit log files by gzip." },
  "audit-log-mode": { type: "string", default: "blocking", help: MODE_HELP },
  "audit-log-batch-buffer-size": { type: "int", default: 10_000, help: "Events that may wait to be written. Only in batch mode." },
  "audit-log-batch-max-size": { type: "int", default: 1, help: "Events of one write. Only in batch mode." },
  "audit-log-batch-max-wait": { type: "duration", default: 0, help: "Time after which a write is done although it is not full." },
  "audit-log-batch-throttle-enable": { type: "bool", default: false, help: "Whether writes are throttled. Only in batch mode." },
  "audit-log-batch-throttle-qps": { type: "float", default: 0, help: "Writes per second on average." },
  "audit-log-batch-throttle-burst": { type: "int", default: 0, help: "Writes at once after a quiet time." },
  "audit-log-truncate-enabled": { type: "bool", default: false, help: "Whether long events lose their bodies." },
  "audit-log-truncate-max-event-size": { type: "int", default: 102_400, help: "Bytes of the longest event." },
  "audit-log-truncate-max-batch-size": { type: "int", default: 10_485_760, help: "Bytes of the longest write." },
  "audit-webhook-config-file": { type: "string", help: "kubeconfig of the server to which audit events are posted." },
  "audit-webhook-initial-backoff": { type: "duration", default: 10_000, help: "Time before a failed post is repeated for the first time." },
  "audit-webhook-mode": { type: "string", default: "batch", help: MODE_HELP },
  "audit-webhook-batch-buffer-size": { type: "int", default: 10_000, help: "Events that may wait to be posted. Only in batch mode." },
  "audit-webhook-batch-max-size": { type: "int", default: 400, help: "Events of one post. Only in batch mode." },
  "audit-webhook-batch-max-wait": {
    type: "duration",
    default: 30_000,
    help: "Time after which a batch is posted although it is not full.",
  },
  "audit-webhook-batch-throttle-enable": { type: "bool", default: true, help: "Whether posts are throttled. Only in batch mode." },
  "audit-webhook-batch-throttle-qps": { type: "float", default: 10, help: "Posts per second on average." },
  "audit-webhook-batch-throttle-burst": { type: "int", default: 15, help: "Posts at once after a quiet time." },
  "audit-webhook-truncate-enabled": { type: "bool", default: false, help: "Whether long events lose their bodies." },
  "audit-webhook-truncate-max-event-size": { type: "int", default: 102_400, help: "Bytes of the longest event." },
  "audit-webhook-truncate-max-batch-size": { type: "int", default: 10_485_760, help: "Bytes of the longest post." },
} as const satisfies FlagSpecs;

type Given = Flags<typeof AUDIT_FLAGS>;

const DAY_MS = 24 * 3_600_000;
const MEGABYTE = 1024 * 1024;
/** What upstream's log writer takes when nothing is said. */
const LOG_MEGABYTES = 100;
/** Posts under way together: a receiver that does not answer must not gather all events that there are. */
const POSTS_MAX = 15;

/** @throws FlagError for a flag that is wrong; Error naming a file that cannot be read. */
export async function auditConfig(flags: Given, clock: Clock): Promise<AuditConfig> {
  if (flags["audit-log-format"] !== "json")
    throw new FlagError(`invalid audit log format ${flags["audit-log-format"]}, allowed formats are "json"`);
  const policyFile = flags["audit-policy-file"];
  const path = flags["audit-log-path"];
  const webhook = flags["audit-webhook-config-file"];
  return {
    policy: policyFile === undefined ? undefined : await readFile(policyFile, "utf8"),
    log: path === undefined ? undefined : { ...delivery(flags, "log", 1), ...logFile(flags, path) },
    webhook:
      webhook === undefined
        ? undefined
        : {
            ...delivery(flags, "webhook", POSTS_MAX),
            target: targetOf(webhook, clock),
            backoff_ms: flags["audit-webhook-initial-backoff"],
          },
  };
}

function logFile(flags: Given, path: string) {
  const [days, backups, megabytes] = (["maxage", "maxbackup", "maxsize"] as const).map((name) => {
    const value = flags[`audit-log-${name}`];
    if (value < 0) throw new FlagError(`--audit-log-${name} ${value} can't be a negative number`);
    return value;
  }) as [number, number, number];
  return {
    path,
    maxAge_ms: days * DAY_MS,
    maxBackups: backups,
    maxSize_bytes: (megabytes || LOG_MEGABYTES) * MEGABYTE,
    compress: flags["audit-log-compress"],
  };
}

function delivery(flags: Given, plugin: "log" | "webhook", concurrencyMax: number): Delivery {
  const mode = flags[`audit-${plugin}-mode`] as AuditMode;
  if (!AUDIT_MODES.includes(mode))
    throw new FlagError(`invalid audit ${plugin} mode ${mode}, allowed modes are "${AUDIT_MODES.join(",")}"`);
  const positive = (value: number, what: string) => {
    if (mode === "batch" && value <= 0) throw new FlagError(`invalid audit batch ${plugin} ${what} ${value}, must be a positive number`);
    return value;
  };
  const throttled = flags[`audit-${plugin}-batch-throttle-enable`];
  return {
    mode,
    batch: {
      bufferMax: positive(flags[`audit-${plugin}-batch-buffer-size`], "buffer size"),
      batchMax: positive(flags[`audit-${plugin}-batch-max-size`], "max batch size"),
      wait_ms: flags[`audit-${plugin}-batch-max-wait`],
      throttle: throttled
        ? {
            perSecond: positive(flags[`audit-${plugin}-batch-throttle-qps`], "throttle QPS"),
            burst: positive(flags[`audit-${plugin}-batch-throttle-burst`], "throttle burst"),
          }
        : undefined,
      concurrencyMax,
    },
    truncate: flags[`audit-${plugin}-truncate-enabled`] ? truncation(flags, plugin) : undefined,
  };
}

function truncation(flags: Given, plugin: "log" | "webhook") {
  const eventMax_bytes = flags[`audit-${plugin}-truncate-max-event-size`];
  const batchMax_bytes = flags[`audit-${plugin}-truncate-max-batch-size`];
  if (eventMax_bytes <= 0)
    throw new FlagError(`invalid audit truncate ${plugin} max event size ${eventMax_bytes}, must be a positive number`);
  if (batchMax_bytes < eventMax_bytes)
    throw new FlagError(
      `invalid audit truncate ${plugin} max batch size ${batchMax_bytes}, must be greater than max event size (${eventMax_bytes})`,
    );
  return { eventMax_bytes, batchMax_bytes };
}

function targetOf(path: string, clock: Clock): WebhookTarget {
  const readText = (name: string) => readFileSync(name, "utf8");
  const { server, tls, credentials } = loadKubeconfig(path, readText);
  return { server, tls, token: bearerToken(credentials, { clock, readFile: readText }) };
}
