import { isApiError } from "@flotilla/api";
import type { Clock, Logger } from "@flotilla/base";
import type { Call, Reply, User } from "../request/call.ts";
import { parseBody } from "./body.ts";
import { type AuditEvent, eventOf, type Outcome, type Recorded } from "./event.ts";
import type { AuditPolicy, Stage } from "./policy.ts";

/** Where events go. */
export interface AuditBackend {
  /** Resolves when the event may be forgotten; must not reject for faults of its own. */
  record(event: AuditEvent): Promise<void>;
  close(): Promise<void>;
}

/**
 * Records what the policy asks for: when a request came, when a long answer began, when the answer was complete.
 * Reads the body only where a rule wants it.
 */
export class Audit {
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly policy: AuditPolicy;
  private readonly backends: readonly AuditBackend[];

  constructor(clock: Clock, log: Logger, policy: AuditPolicy, backends: readonly AuditBackend[]) {
    this.clock = clock;
    this.log = log;
    this.policy = policy;
    this.backends = backends;
  }

  async run(call: Call, next: (call: Call) => Promise<Reply>): Promise<Reply> {
    const decision = this.policy.decide(call.user, call.info);
    if (decision.level === "None") return next(call);
    const recorded: Recorded = { call, asked: call.user, decision, received_ms: call.now_ms };
    await this.emit(recorded, "RequestReceived");
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
    const decision = this.policy.decide(call.user, call.info);
    if (decision.level !== "None") await this.failed({ call, asked: call.user, decision, received_ms: call.now_ms }, error);
  }

  async close(): Promise<void> {
    await Promise.all(this.backends.map((backend) => backend.close()));
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
      recorded.call.signal.addEventListener("abort", () => void this.emit(recorded, "ResponseComplete", outcome), { once: true });
      return;
    }
    await this.emit(recorded, "ResponseComplete", outcome);
  }

  private async emit(recorded: Recorded, stage: Stage, outcome?: Outcome): Promise<void> {
    const { decision, call } = recorded;
    if (decision.omitStages.has(stage)) return;
    if (outcome && decision.level !== "Metadata") outcome.body ??= await parseBody(call);
    const event = eventOf(recorded, stage, this.clock.now(), outcome);
    await Promise.all(
      this.backends.map((backend) =>
        backend
          .record(event)
          .catch((error: Error) => this.log.error("an audit event was lost", { auditID: call.auditId, error: error.message })),
      ),
    );
  }
}

/** For events of callers whom nobody knows. */
export const UNKNOWN_USER: User = { name: "", groups: [] };
