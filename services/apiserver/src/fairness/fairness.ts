import { apiError, MANDATORY_LEVELS, MANDATORY_SCHEMAS } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import type { Call, Reply } from "../request/call.ts";
import { isLongRunning } from "../request/inflight.ts";
import type { ResourceCache } from "../storage/resource-cache.ts";
import { distinguisherOf, matchesSchema } from "./classify.ts";
import { SUGGESTED_LEVELS, SUGGESTED_SCHEMAS } from "./defaults.ts";
import { dumpPage } from "./dump.ts";
import type { FlowSchema, PriorityLevelConfiguration } from "./objects.ts";
import { type Done, type LevelLimits, PriorityLevel, type Queue, type Rejection, type Waiting } from "./priority-level.ts";
import { byNeed, mayRun } from "./seats.ts";
import { seatsOf } from "./width.ts";

export interface FairnessPorts {
  clock: Clock;
  flowSchemas: ResourceCache;
  priorityLevels: ResourceCache;
  /** Objects of the resource that a list asks for. */
  countOf(call: Call): number;
}

export interface FairnessConfig {
  /** Seats of the whole server: --max-requests-inflight and --max-mutating-requests-inflight together. */
  seats: number;
  /** A request that waits longer is turned away. */
  waitMax_ms: number;
}

const CATCH_ALL = "catch-all";

/** Changed rarely, asked always. */
interface Setup {
  version: string;
  schemas: FlowSchema[];
  uids: Map<string, string>;
}

/** Counts of requests that no level orders. */
export interface ExemptLevel {
  running: number;
  dispatched: number;
}

/**
 * API priority and fairness (KEP-1040): a flow schema gives each request its priority level and its flow; each level
 * has its own seats; within a level the flows take turns. Who floods waits in the queues of his own hand.
 */
export class Fairness {
  private readonly ports: FairnessPorts;
  private readonly config: FairnessConfig;
  readonly levels = new Map<string, PriorityLevel>();
  readonly exempt = new Map<string, ExemptLevel>();
  private setup: Setup = { version: "", schemas: [], uids: new Map() };

  constructor(ports: FairnessPorts, config: FairnessConfig) {
    this.ports = ports;
    this.config = config;
  }

  /** @throws ApiError TooManyRequests */
  run(call: Call, work: () => Promise<Reply>): Promise<Reply> {
    // Of the long ones only a watch's beginning counts: its first events are a list.
    if (isLongRunning(call) && call.info.verb !== "watch") return work();
    this.refresh();
    const schema = this.classify(call);
    const levelName = schema.spec.priorityLevelConfiguration.name;
    this.label(call, schema, levelName);
    const exempt = this.exempt.get(levelName);
    return exempt ? unordered(exempt, work) : this.ordered(call, schema, levelName, work);
  }

  /** One of the debugging pages, if the path is one. */
  page(call: Call): Reply | undefined {
    return dumpPage(this, call);
  }

  private async ordered(call: Call, schema: FlowSchema, levelName: string, work: () => Promise<Reply>): Promise<Reply> {
    const level = this.levels.get(levelName) ?? this.levels.get(CATCH_ALL)!;
    const seats = seatsOf(call, () => this.ports.countOf(call));
    const flow = { schema: schema.metadata.name, distinguisher: distinguisherOf(schema, call.user, call.info) };
    const queue = level.queueOf(`${flow.schema}\n${flow.distinguisher}`);
    const done = await this.admit(call, level, queue, seats, flow);
    const started_ms = this.ports.clock.monotonic();
    try {
      return await work();
    } finally {
      done((this.ports.clock.monotonic() - started_ms) / 1000);
      if (level.quiescing && level.idle) this.levels.delete(level.name);
      this.dispatch();
    }
  }

  /** Resolves when the request has its seats. */
  private admit(call: Call, level: PriorityLevel, queue: Queue | undefined, seats: number, flow: Flow): Done | Promise<Done> {
    if (this.fits(level, seats)) return level.begin(seats, queue);
    if (!queue) throw refused(level, "concurrency-limit");
    if (level.isFull(queue)) throw refused(level, "queue-full");
    return this.turn(call, level, queue, seats, flow);
  }

  /** Nobody overtakes those of his level who wait. */
  private fits(level: PriorityLevel, seats: number): boolean {
    return level.waitingCount === 0 && mayRun(level, seats, this.levels.values(), this.config.seats);
  }

  private turn(call: Call, level: PriorityLevel, queue: Queue, seats: number, flow: Flow): Promise<Done> {
    const { signal } = call;
    return new Promise((resolve, reject) => {
      const give = (reason: Rejection) => {
        if (!level.leave(waiting)) return;
        limit.cancel();
        signal.removeEventListener("abort", gone);
        reject(refused(level, reason));
      };
      const gone = () => give("cancelled");
      const limit = this.ports.clock.setTimeout(() => give("time-out"), this.config.waitMax_ms);
      const start = (done: Done) => {
        limit.cancel();
        signal.removeEventListener("abort", gone);
        resolve(done);
      };
      const waiting: Waiting = { seats, queue, start, call, ...flow, arrived_ms: this.ports.clock.now() };
      level.wait(waiting);
      if (signal.aborted) gone();
      else signal.addEventListener("abort", gone, { once: true });
    });
  }

  /** Gives free seats to who waits. */
  private dispatch(): void {
    for (let level = this.nextLevel(); level; level = this.nextLevel()) {
      const next = level.next!;
      level.leave(next);
      next.start(level.begin(next.seats, next.queue));
    }
  }

  private nextLevel(): PriorityLevel | undefined {
    return byNeed(this.levels.values()).find((level) => mayRun(level, level.next!.seats, this.levels.values(), this.config.seats));
  }

  private classify({ user, info }: Call): FlowSchema {
    return this.setup.schemas.find((schema) => matchesSchema(schema, user, info)) ?? MANDATORY_SCHEMAS[1]!;
  }

  private label(call: Call, schema: FlowSchema, level: string): void {
    const { uids } = this.setup;
    call.responseHeaders["X-Kubernetes-PF-FlowSchema-UID"] = schema.metadata.uid ?? "";
    call.responseHeaders["X-Kubernetes-PF-PriorityLevel-UID"] = uids.get(level) ?? "";
  }

  /** Takes the objects as they are now; before there are any, the built-in ones. */
  private refresh(): void {
    const { flowSchemas, priorityLevels } = this.ports;
    const version = `${flowSchemas.lastRevision}.${flowSchemas.size}.${priorityLevels.lastRevision}.${priorityLevels.size}`;
    if (version === this.setup.version) return;
    const stored = <T>(cache: ResourceCache, folder: string) =>
      [...cache.scan(`/registry/${folder}/`)].map((entry) => entry.object as unknown as T);
    const schemas = stored<FlowSchema>(flowSchemas, "flowschemas");
    const levels = stored<PriorityLevelConfiguration>(priorityLevels, "prioritylevelconfigurations");
    this.configure(
      version,
      schemas.length > 0 ? schemas : [...MANDATORY_SCHEMAS, ...SUGGESTED_SCHEMAS],
      levels.length > 0 ? levels : [...MANDATORY_LEVELS, ...SUGGESTED_LEVELS],
    );
  }

  private configure(version: string, storedSchemas: FlowSchema[], storedLevels: PriorityLevelConfiguration[]): void {
    const all = withMandatory(storedLevels, MANDATORY_LEVELS);
    const schemas = withMandatory(storedSchemas, MANDATORY_SCHEMAS);
    const limited = all.filter(({ spec }) => spec.type === "Limited");
    const shares = limited.reduce((sum, { spec }) => sum + sharesOf(spec), 0);
    for (const level of this.levels.values()) level.quiescing = true;
    for (const { metadata, spec } of limited) {
      const limits = limitsOf(spec, Math.ceil((this.config.seats * sharesOf(spec)) / Math.max(1, shares)));
      const known = this.levels.get(metadata.name);
      if (known) known.configure(limits);
      else this.levels.set(metadata.name, new PriorityLevel(metadata.name, limits));
    }
    for (const [name, level] of this.levels) {
      // What a level without configuration still serves, it serves with seats that are nobody's.
      if (level.quiescing) level.limits = { ...level.limits, nominal: 0, lendable: 0, borrowable: Number.POSITIVE_INFINITY };
      if (level.quiescing && level.idle) this.levels.delete(name);
    }
    const exempt = new Set(all.filter(({ spec }) => spec.type === "Exempt").map(({ metadata }) => metadata.name));
    for (const name of this.exempt.keys()) if (!exempt.has(name)) this.exempt.delete(name);
    for (const name of exempt) if (!this.exempt.has(name)) this.exempt.set(name, { running: 0, dispatched: 0 });
    const order = (a: FlowSchema, b: FlowSchema) =>
      a.spec.matchingPrecedence - b.spec.matchingPrecedence || (a.metadata.name < b.metadata.name ? -1 : 1);
    this.setup = {
      version,
      // One that dangles chooses nothing.
      schemas: schemas.filter(({ spec }) => all.some(({ metadata }) => metadata.name === spec.priorityLevelConfiguration.name)).sort(order),
      uids: new Map(all.map(({ metadata }) => [metadata.name, metadata.uid ?? ""])),
    };
    this.dispatch();
  }
}

interface Flow {
  schema: string;
  distinguisher: string;
}

async function unordered(level: ExemptLevel, work: () => Promise<Reply>): Promise<Reply> {
  level.running++;
  level.dispatched++;
  try {
    return await work();
  } finally {
    level.running--;
  }
}

/** Those that were deleted are there all the same, until they are written again. */
function withMandatory<T extends { metadata: { name: string } }>(stored: readonly T[], mandatory: readonly T[]): T[] {
  return [...stored, ...mandatory.filter((one) => !stored.some(({ metadata }) => metadata.name === one.metadata.name))];
}

const sharesOf = ({ limited }: PriorityLevelConfiguration["spec"]): number => limited?.nominalConcurrencyShares ?? 30;

function limitsOf({ limited }: PriorityLevelConfiguration["spec"], nominal: number): LevelLimits {
  const queuing = limited?.limitResponse?.queuing;
  const borrowing = limited?.borrowingLimitPercent;
  return {
    nominal,
    lendable: Math.round((nominal * (limited?.lendablePercent ?? 0)) / 100),
    borrowable: borrowing === undefined ? Number.POSITIVE_INFINITY : Math.round((nominal * borrowing) / 100),
    queuing:
      limited?.limitResponse?.type === "Queue"
        ? { queues: queuing?.queues ?? 64, handSize: queuing?.handSize ?? 8, queueLengthMax: queuing?.queueLengthLimit ?? 50 }
        : undefined,
  };
}

function refused(level: PriorityLevel, reason: Rejection) {
  level.reject(reason);
  return apiError("TooManyRequests", "Too many requests, please try again later.", { retryAfterSeconds: 1 });
}
