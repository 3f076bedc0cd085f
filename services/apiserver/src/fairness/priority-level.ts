import type { Call } from "../request/call.ts";
import { deal } from "./shuffle-shard.ts";

/** Why a request was turned away, in upstream's words for its metrics. */
export type Rejection = "queue-full" | "concurrency-limit" | "time-out" | "cancelled";

export interface LevelLimits {
  /** Seats that are its own by right. */
  nominal: number;
  /** Of those, what others may use while it does not. */
  lendable: number;
  /** Beyond nominal, of what others lend. */
  borrowable: number;
  /** undefined: what finds no seat is turned away. */
  queuing: { queues: number; handSize: number; queueLengthMax: number } | undefined;
}

export interface Waiting {
  seats: number;
  queue: Queue;
  /** For whoever looks into the queues. */
  call: Pick<Call, "info" | "user">;
  schema: string;
  distinguisher: string;
  arrived_ms: number;
  /** Tells the request that its turn has come: it is counted in already. */
  start(done: Done): void;
}

/** Counts a request out that took so many seconds. */
export type Done = (seconds: number) => void;

export interface Queue {
  readonly index: number;
  waiting: Waiting[];
  running: number;
  seatsRunning: number;
  /** Virtual time at which its next request may start: what it used already, in seat-seconds. */
  nextStart: number;
}

/** A request is taken to last this long until it is known better. */
const ESTIMATE_SECONDS = 0.003;

/**
 * PriorityLevel owns the queues of one level and counts its seats; when there is a free one, Fairness says.
 * Between queues it is start-time fair queuing: the next to run is of the queue that has used least.
 * 1. A queue's requests start in the order of their arrival.
 * 2. `seatsRunning` is the sum over its queues and of those that never queued.
 * 3. `queues` holds those with requests waiting or running, and no other: a level may have ten million of them. One
 *    whose index a new configuration no longer deals is served until it is empty.
 */
export class PriorityLevel {
  readonly name: string;
  limits: LevelLimits;
  /** Its configuration has gone: it ends with the last of its requests. */
  quiescing = false;
  seatsRunning = 0;
  running = 0;
  waitingCount = 0;
  dispatched = 0;
  readonly rejected = new Map<Rejection, number>();
  readonly queues = new Map<number, Queue>();
  private virtualTime = 0;

  constructor(name: string, limits: LevelLimits) {
    this.name = name;
    this.limits = limits;
  }

  get idle(): boolean {
    return this.running + this.waitingCount === 0;
  }

  /** Requests that wait keep their places; new ones are dealt the new queues. */
  configure(limits: LevelLimits): void {
    this.limits = limits;
    this.quiescing = false;
  }

  /** The emptiest queue of the flow's hand; undefined when the level does not queue. */
  queueOf(flow: string): Queue | undefined {
    const { queuing } = this.limits;
    if (!queuing) return undefined;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const index of deal(flow, queuing.queues, queuing.handSize)) {
      const queue = this.queues.get(index);
      const load = queue ? queue.seatsRunning + queue.waiting.reduce((sum, { seats }) => sum + seats, 0) : 0;
      if (load < least) [best, least] = [index, load];
    }
    return this.queues.get(best) ?? { index: best, waiting: [], running: 0, seatsRunning: 0, nextStart: this.virtualTime };
  }

  isFull(queue: Queue): boolean {
    return queue.waiting.length >= (this.limits.queuing?.queueLengthMax ?? 0);
  }

  wait(waiting: Waiting): void {
    const { queue } = waiting;
    // What a queue that was empty did not use is lost; it stands beside the one that is served next, not behind it.
    const { next } = this;
    const floor = next ? Math.min(this.virtualTime, next.queue.nextStart) : this.virtualTime;
    if (queue.waiting.length === 0) queue.nextStart = Math.max(queue.running > 0 ? queue.nextStart : 0, floor);
    this.queues.set(queue.index, queue);
    queue.waiting.push(waiting);
    this.waitingCount++;
  }

  /** False when it has started already. */
  leave(waiting: Waiting): boolean {
    const { queue } = waiting;
    const index = queue.waiting.indexOf(waiting);
    if (index < 0) return false;
    queue.waiting.splice(index, 1);
    this.waitingCount--;
    this.forgetIdle(queue);
    return true;
  }

  /** The request whose turn it is. */
  get next(): Waiting | undefined {
    if (this.waitingCount === 0) return undefined;
    let best: Queue | undefined;
    for (const queue of this.queues.values()) if (queue.waiting.length > 0 && (!best || queue.nextStart < best.nextStart)) best = queue;
    return best?.waiting[0];
  }

  /** Counts a request in. */
  begin(seats: number, queue: Queue | undefined): Done {
    this.seatsRunning += seats;
    this.running++;
    this.dispatched++;
    if (queue) {
      // To the end: of queues that used the same, the one served longest ago is next.
      this.queues.delete(queue.index);
      this.queues.set(queue.index, queue);
      queue.nextStart = Math.max(queue.nextStart, this.virtualTime);
      queue.running++;
      queue.seatsRunning += seats;
      this.virtualTime = queue.nextStart;
      queue.nextStart += seats * ESTIMATE_SECONDS;
    }
    return (seconds) => {
      this.seatsRunning -= seats;
      this.running--;
      if (!queue) return;
      queue.running--;
      queue.seatsRunning -= seats;
      queue.nextStart += seats * (seconds - ESTIMATE_SECONDS);
      this.forgetIdle(queue);
    };
  }

  reject(reason: Rejection): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
  }

  private forgetIdle(queue: Queue): void {
    if (queue.waiting.length + queue.running === 0 && this.queues.get(queue.index) === queue) this.queues.delete(queue.index);
  }
}
