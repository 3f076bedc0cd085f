import type { Clock, Logger } from "@flotilla/base";
import type { StatsReply } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { KubeletClient } from "../streams/kubelet-client.ts";

/** Kubelets are asked again only when what is known is older than this. */
const FRESH_MS = 5_000;
/** A kubelet that does not answer within this time is left out, as by metrics-server. */
const ANSWER_MS = 5_000;

/** What one node's kubelet has measured. */
export interface Usage {
  readonly at_ms: number;
  readonly stats: StatsReply;
}

/** Asks kubelets what their pods use. Concurrent questions about one node share one call. */
export class UsageCollector {
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly kubelets: KubeletClient;
  private readonly known = new Map<string, { asked_ms: number; usage: Promise<Usage | undefined> }>();

  constructor(clock: Clock, log: Logger, kubelets: KubeletClient) {
    this.clock = clock;
    this.log = log;
    this.kubelets = kubelets;
  }

  /** Node → usage, of those that answer. */
  async read(nodes: readonly string[]): Promise<Map<string, Usage>> {
    const answers = await Promise.all(nodes.map(async (node) => [node, await this.of(node)] as const));
    return new Map(answers.filter((answer): answer is [string, Usage] => answer[1] !== undefined));
  }

  private of(node: string): Promise<Usage | undefined> {
    const now = this.clock.monotonic();
    for (const [name, { asked_ms }] of this.known) if (now - asked_ms >= FRESH_MS) this.known.delete(name);
    let known = this.known.get(node);
    if (!known) this.known.set(node, (known = { asked_ms: now, usage: this.ask(node) }));
    return known.usage;
  }

  private async ask(node: string): Promise<Usage | undefined> {
    try {
      const client = this.kubelets.of(node);
      const stats = await new Promise<StatsReply>((resolve, reject) => {
        const call = client.stats({}, (error, reply) => {
          timer.cancel();
          if (error) reject(error);
          else resolve(reply);
        });
        const timer = this.clock.setTimeout(() => call.cancel(), ANSWER_MS);
      });
      return { at_ms: this.clock.now(), stats };
    } catch (error) {
      this.log.warn("a kubelet tells no usage", { node, error: (error as Error).message });
      return undefined;
    }
  }
}
