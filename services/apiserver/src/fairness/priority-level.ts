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
  /** Tells the request that its turn has come: it is counted in already. */
  start(done: Done): void;
}

/** Counts a request out that took so many seconds. */
export type Done = (seconds: number) => void;

export interface Queue {
  waiting: Waiting[];
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
 */
export class PriorityLevel {
  readonly name: string;
  limits: LevelLimits;
  seatsRunning = 0;
  running = 0;
  waitingCount = 0;
  dispatched = 0;
  readonly rejected = new Map<Rejection, number>();
  private queues: Queue[] = [];
  private virtualTime = 0;

  constructor(name: string, limits: LevelLimits) {
    this.name = name;
    this.limits = limits;
    this.configure(limits);
  }

  /** Requests that wait keep their places; new ones go to the new queues. */
  configure(limits: LevelLimits): void {
    this.limits = limits;
    const count = limits.queuing?.queues ?? 0;
    if (this.queues.length !== count)
      this.queues = Array.from(
        { length: count },
        (_, i) => this.queues[i] ?? { waiting: [], seatsRunning: 0, nextStart: this.virtualTime },
      );
  }

  /** The emptiest queue of the flow's hand; undefined when the level does not queue. */
  queueOf(flow: string): Queue | undefined {
    const { queuing } = this.limits;
    if (!queuing) return undefined;
    let best: Queue | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const index of deal(flow, queuing.queues, queuing.handSize)) {
      const queue = this.queues[index]!;
      const load = queue.seatsRunning + queue.waiting.reduce((sum, { seats }) => sum + seats, 0);
      if (load < least) [best, least] = [queue, load];
    }
    return best;
  }

  isFull(queue: Queue): boolean {
    return queue.waiting.length >= this.limits.queuing!.queueLengthMax;
  }

  wait(waiting: Waiting): void {
    const { queue } = waiting;
    if (queue.waiting.length === 0) queue.nextStart = Math.max(queue.nextStart, this.virtualTime);
    queue.waiting.push(waiting);
    this.waitingCount++;
  }

  /** False when it has started already. */
  leave(waiting: Waiting): boolean {
    const index = waiting.queue.waiting.indexOf(waiting);
    if (index < 0) return false;
    waiting.queue.waiting.splice(index, 1);
    this.waitingCount--;
    return true;
  }

  /** The request whose turn it is. */
  get next(): Waiting | undefined {
    if (this.waitingCount === 0) return undefined;
    let best: Queue | undefined;
    for (const queue of this.queues) if (queue.waiting.length > 0 && (!best || queue.nextStart < best.nextStart)) best = queue;
    return best?.waiting[0];
  }

  /** Counts a request in. */
  begin(seats: number, queue: Queue | undefined): Done {
    this.seatsRunning += seats;
    this.running++;
    this.dispatched++;
    if (queue) {
      queue.seatsRunning += seats;
      queue.nextStart = Math.max(queue.nextStart, this.virtualTime);
      this.virtualTime = queue.nextStart;
      queue.nextStart += seats * ESTIMATE_SECONDS;
    }
    return (seconds) => {
      this.seatsRunning -= seats;
      this.running--;
      if (!queue) return;
      queue.seatsRunning -= seats;
      queue.nextStart += seats * (seconds - ESTIMATE_SECONDS);
    };
  }

  reject(reason: Rejection): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
  }
}
