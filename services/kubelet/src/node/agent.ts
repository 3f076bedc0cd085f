import { isAlreadyExists, isNotFound, type Node, Nodes } from "@flotilla/api";
import { type Clock, type Logger, sleep } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";
import { labelChanges, type NodeIdentity, newNode } from "./registration.ts";
import { type NodeReport, nodeStatus, statusChanged } from "./status.ts";

/** While the API does not answer: soon again, for the control plane may be starting on this very node. */
const REGISTER_RETRY_MS = 200;
/** A status that says nothing new is written this seldom (upstream's nodeStatusReportFrequency). */
const REPORT_PERIOD_MS = 300_000;

export interface NodeAgentPorts {
  clock: Clock;
  log: Logger;
  client: ApiClient;
  report(): Promise<NodeReport>;
  event(reason: string, message: string): void;
  /** The node as the API has it, on each write and read of ours. */
  seen(node: Node): void;
}

/** Owns this machine's Node object: registers it and keeps its status true. */
export class NodeAgent {
  private readonly ports: NodeAgentPorts;
  private readonly identity: NodeIdentity;
  private readonly register: boolean;
  private wakeUp = new AbortController();
  private node: Node | undefined;
  private written_ms = Number.NEGATIVE_INFINITY;
  private ready: boolean | undefined;

  constructor(ports: NodeAgentPorts, identity: NodeIdentity, register: boolean) {
    this.ports = ports;
    this.identity = identity;
    this.register = register;
  }

  /** Something the status tells of has changed: write it now. */
  changed(): void {
    this.wakeUp.abort();
  }

  /** The node as somebody else has written it: it may have been declared dead while this kubelet could not speak. */
  observed(node: Node): void {
    if (this.node) this.node = node;
  }

  async run(period_ms: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.wakeUp = new AbortController();
      let delay_ms = period_ms;
      try {
        if (!this.node) await this.registerNode();
        await this.update();
      } catch (error) {
        if (isNotFound(error)) this.node = undefined; // deleted: register again
        this.ports.log.debug("node status not written", { error: (error as Error).message });
        delay_ms = REGISTER_RETRY_MS;
      }
      await sleep(this.ports.clock, delay_ms, AbortSignal.any([this.wakeUp.signal, signal]));
    }
  }

  private async registerNode(): Promise<void> {
    const { client } = this.ports;
    const status = nodeStatus(undefined, await this.ports.report());
    if (this.register) {
      try {
        this.see(await client.create(Nodes, newNode(this.identity, status)));
        this.ports.log.info("node registered", { node: this.identity.name });
        return;
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    }
    const existing = await client.get(Nodes, this.identity.name);
    const labels = labelChanges(existing, this.identity);
    if (this.register && Object.keys(labels).length > 0) {
      this.see(await client.patch(Nodes, this.identity.name, { type: "merge", body: { metadata: { labels } } }));
    } else this.see(existing);
  }

  private async update(): Promise<void> {
    const { client, clock } = this.ports;
    const report = await this.ports.report();
    const status = nodeStatus(this.node!.status, report);
    const due = clock.monotonic() - this.written_ms >= REPORT_PERIOD_MS;
    if (due || statusChanged(this.node!.status, status)) {
      const body = { status };
      this.see(await client.patch(Nodes, this.identity.name, { type: "strategic", body }, { subresource: "status" }));
      this.written_ms = clock.monotonic();
    }
    this.tell(report.problems.length === 0);
  }

  private tell(ready: boolean): void {
    if (ready === this.ready) return;
    const { name } = this.identity;
    if (ready) this.ports.event("NodeReady", `Node ${name} status is now: NodeReady`);
    else if (this.ready === true) this.ports.event("NodeNotReady", `Node ${name} status is now: NodeNotReady`);
    this.ready = ready;
  }

  private see(node: Node): void {
    this.node = node;
    this.ports.seen(node);
  }
}
