import { apiError, isApiError, type Registry } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import type { Call, Reply } from "../request/call.ts";
import type { AuditBackend } from "./backend.ts";
import { noteBody, shownBody } from "./body.ts";
import { eventOf, type Outcome, type Recorded } from "./event.ts";
import type { AuditMetrics } from "./metrics.ts";
import type { AuditPolicy, Stage } from "./policy.ts";

export interface AuditPorts {
  clock: Clock;
  metrics: AuditMetrics;
  /** For bodies that are no JSON. */
  definitions: Pick<Registry, "find">;
}

/** Records what the policy asks for: when a request came, when a long answer began, when the answer was complete. */
export class Audit {
  private readonly ports: AuditPorts;
  private readonly policy: AuditPolicy;
  private readonly backends: readonly AuditBackend[];

  constructor(ports: AuditPorts, policy: AuditPolicy, backends: readonly AuditBackend[]) {
    this.ports = ports;
    this.policy = policy;
    this.backends = backends;
  }

  /** @throws ApiError InternalError when the request must not go on unrecorded. */
  async run(call: Call, next: (call: Call) => Promise<Reply>): Promise<Reply> {
    const recorded = this.begin(call);
    if (!recorded) return next(call);
    if (!(await this.emit(recorded, "RequestReceived"))) {
      this.ports.metrics.rejected();
      throw apiError("InternalError", "Internal error occurred: failed to store audit event");
    }
    let reply: Reply;
    try {
      reply = await next(call);
    } catch (error) {
      await this.failed(recorded, error);
      throw error;
    }
    await this.answered(recorded, reply);
    return reply;
  }

  /** A caller who could not be authenticated never reaches the rest. */
  async refused(call: Call, error: unknown): Promise<void> {
    const recorded = this.begin(call);
    if (recorded) await this.failed(recorded, error);
  }

  async close(): Promise<void> {
    await Promise.all(this.backends.map((backend) => backend.close()));
  }

  private begin(call: Call): Recorded | undefined {
    const decision = this.policy.decide(call.user, call.info);
    this.ports.metrics.decided(decision.level);
    if (decision.level === "None") return undefined;
    const body = decision.level === "Metadata" ? () => undefined : noteBody(call);
    return { call, asked: call.user, decision, received_ms: call.now_ms, body };
  }

  private async failed(recorded: Recorded, error: unknown): Promise<void> {
    const status = isApiError(error) ? error.status : undefined;
    await this.emit(recorded, "ResponseComplete", {
      code: status?.code ?? 500,
      ...(status ? { status } : {}),
      annotations: recorded.call.annotations,
    });
  }

  private async answered(recorded: Recorded, reply: Reply): Promise<void> {
    const outcome: Outcome = { code: "code" in reply ? reply.code : 200, reply, annotations: recorded.call.annotations };
    if (["watch", "stream", "proxy", "upgrade"].includes(reply.type)) {
      if (reply.type === "upgrade") outcome.code = 101;
      await this.emit(recorded, "ResponseStarted", outcome);
      const { signal } = recorded.call;
      const complete = () => void this.emit(recorded, "ResponseComplete", outcome);
      // The client may have gone while the first event was being written.
      if (signal.aborted) complete();
      else signal.addEventListener("abort", complete, { once: true });
      return;
    }
    await this.emit(recorded, "ResponseComplete", outcome);
  }

  /** False when the request must not happen: its event is lost, and a backend is strict. */
  private async emit(recorded: Recorded, stage: Stage, outcome?: Outcome): Promise<boolean> {
    const { decision, call, body } = recorded;
    if (decision.omitStages.has(stage)) return true;
    if (outcome && decision.level !== "Metadata") outcome.body ??= shownBody(this.ports.definitions, call, body());
    const event = eventOf(recorded, stage, this.ports.clock.now(), outcome);
    this.ports.metrics.sent();
    const kept = await Promise.all(this.backends.map((backend) => backend.record(event)));
    return !kept.includes(false);
  }
}
