import { type Random, randomInt } from "@flotilla/base";
import type { KvCompare, KvInput, KvOutput } from "@flotilla/testing/linearizability/index.ts";
import { StoreClient } from "../testing/client.ts";
import { execute } from "../testing/kv-client.ts";
import type { Recorder } from "./recorder.ts";

export const PREFIX = "h/";

/** Keys in use at a time; they are left for fresh ones so that no key's history grows long. */
const KEYS = 6;
const KEY_LIFE_MS = 2500;
/** A call that takes longer is given up: its outcome is unknown. */
const CALL_MS_MAX = 2500;
const PAUSE_MS_MAX = 12;

export interface WorkloadOptions {
  readonly name: string;
  readonly urls: readonly string[];
  readonly random: Random;
  readonly recorder: Recorder;
  /** Get what the asked member happens to have, and record it as if it were the truth. */
  readonly staleReads?: boolean;
}

/** One client: one operation at a time on whichever member, another member after a failure. */
export class Workload {
  private readonly options: WorkloadOptions;
  private client: StoreClient;
  private serial = 0;
  /** What this client last saw of a key, to compare and swap on. */
  private readonly seen = new Map<string, { value: string | null; mod: number }>();

  constructor(options: WorkloadOptions) {
    this.options = options;
    this.client = this.connect();
  }

  async run(until_ms: number): Promise<void> {
    const { recorder, random } = this.options;
    while (recorder.now_ms() < until_ms) {
      await this.one();
      await new Promise((resolve) => setTimeout(resolve, random.next() * PAUSE_MS_MAX));
    }
    this.client.close();
  }

  private async one(): Promise<void> {
    const { recorder, name } = this.options;
    const input = this.choose();
    const output = await recorder.operate(name, input, () => within(execute(this.client, input, this.options.staleReads), CALL_MS_MAX));
    if (output) return this.remember(input, output);
    this.client.close();
    this.client = this.connect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }

  private connect(): StoreClient {
    const { urls, random } = this.options;
    return new StoreClient(urls[randomInt(random, urls.length)]!);
  }

  private choose(): KvInput {
    const { random, recorder } = this.options;
    const generation = Math.floor(recorder.now_ms() / KEY_LIFE_MS);
    const keyAt = (i: number) => `${PREFIX}${String(generation).padStart(4, "0")}/${i}`;
    const i = randomInt(random, KEYS);
    const key = keyAt(i);
    const dice = random.next();
    if (dice < 0.4) return { kind: "get", key };
    if (dice < 0.68) return { kind: "put", key, value: this.value() };
    if (dice < 0.73) return { kind: "delete", key };
    const put = { kind: "put", key, value: this.value() } as const;
    if (dice < 0.78) {
      return { kind: "txn", compare: [{ key, target: "version", operand: 0 }], success: [put], failure: [{ kind: "get", key }] };
    }
    // Two keys at once: their histories are judged together.
    if (dice < 0.82) {
      const pair = { kind: "put", key: keyAt(i ^ 1), value: this.value() } as const;
      return { kind: "txn", compare: [], success: [put, pair], failure: [] };
    }
    const { value, mod } = this.seen.get(key) ?? { value: null, mod: 0 };
    const compare: KvCompare =
      value !== null && dice < 0.9 ? { key, target: "value", operand: value } : { key, target: "mod", operand: mod };
    return { kind: "txn", compare: [compare], success: [put], failure: [{ kind: "get", key }] };
  }

  /** No two writes write the same: a value tells who wrote it. */
  private value(): string {
    return `${this.options.name}.${++this.serial}`;
  }

  private remember(input: KvInput, output: KvOutput): void {
    const see = (key: string, o: KvOutput) => {
      if (o.kind === "get") this.seen.set(key, { value: o.value, mod: o.mod ?? 0 });
    };
    if (input.kind === "get") see(input.key, output);
    if (input.kind === "put") this.seen.set(input.key, { value: input.value, mod: output.revision! });
    if (input.kind !== "txn" || output.kind !== "txn") return;
    const steps = output.succeeded ? input.success : input.failure;
    for (const [i, step] of steps.entries()) {
      if (step.kind === "put") this.seen.set(step.key, { value: step.value, mod: output.revision! });
      else if (step.kind === "get") see(step.key, output.responses![i]!);
    }
  }
}

export async function within<T>(promise: Promise<T>, limit_ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, limit_ms, new Error(`no answer within ${limit_ms} ms`));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
