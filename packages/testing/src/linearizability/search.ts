import type { Model, Operation } from "./operation.ts";
import { OperationSet } from "./visited.ts";

export type SearchResult<I, O> =
  | { readonly verdict: "linearizable"; readonly order: readonly Operation<I, O>[] }
  /** `longest`: the end of the longest order that works; `stuck`: what had to come next and could not. */
  | { readonly verdict: "violation"; readonly longest: readonly Operation<I, O>[]; readonly stuck: Operation<I, O> }
  /** The search was given up: say nothing rather than something wrong. */
  | { readonly verdict: "undecided" };

/** How much of an order a message shows. */
const SHOWN_OPERATIONS = 12;

interface Frame<S> {
  readonly op: number;
  readonly unknown: boolean;
  readonly before: S;
  /** Other states the operation may have left, still to be tried. */
  readonly others: readonly S[];
  /** Nothing else need be tried in its place. */
  readonly final: boolean;
}

/**
 * Is there an order of all operations that respects real time (a before b when a
 * was answered before b was called) and that the model allows?
 *
 * Wing and Gong's search ("Testing and verifying concurrent objects", 1993): take
 * any operation that no other must come before, let it take effect, go on with
 * the rest, step back when stuck. Lowe's memory of configurations prunes it. An
 * operation that may come now and changes nothing (a read) is taken at once, with
 * no alternative: any order that has it later is as good with it here.
 * Operations without an answer are tried only where answered ones fail, and may
 * be left out: they may never have happened.
 *
 * @param steps_max how many operations may be tried before the search is given up
 */
export function search<S, I, O>(model: Model<S, I, O>, operations: readonly Operation<I, O>[], steps_max: number): SearchResult<I, O> {
  return new Search(model, operations).run(steps_max);
}

class Search<S, I, O> {
  private readonly model: Model<S, I, O>;
  private readonly known: readonly Operation<I, O>[];
  private readonly unknown: readonly Operation<I, O>[];
  private readonly list: EventList;
  private readonly doneKnown: OperationSet;
  private readonly doneUnknown: OperationSet;
  private readonly visited = new Set<string>();
  private readonly stack: Frame<S>[] = [];
  private state: S;
  private left: number;

  constructor(model: Model<S, I, O>, operations: readonly Operation<I, O>[]) {
    this.model = model;
    this.known = operations.filter((o) => o.output !== undefined);
    this.unknown = operations.filter((o) => o.output === undefined).sort((a, b) => a.call - b.call);
    this.list = new EventList(this.known);
    this.doneKnown = new OperationSet(this.known.length);
    this.doneUnknown = new OperationSet(this.unknown.length);
    this.state = model.init();
    this.left = this.known.length;
  }

  run(steps_max: number): SearchResult<I, O> {
    let longest: Operation<I, O>[] = [];
    let depth = -1;
    let stuck = this.known[0]!;
    // Where the search of the present configuration goes on.
    let at: Cursor = { unknown: false, node: this.list.first };
    for (let steps = 0; this.left > 0; ) {
      if (this.takeEffectless(at)) {
        at = { unknown: false, node: this.list.first };
        continue;
      }
      const candidate = this.candidate(at);
      if (candidate) {
        if (++steps > steps_max) return { verdict: "undecided" };
        if (this.tryTo(candidate.op, candidate.unknown)) at = { unknown: false, node: this.list.first };
        else at = candidate.next;
        continue;
      }
      if (this.stack.length > depth) {
        depth = this.stack.length;
        longest = this.order(-SHOWN_OPERATIONS);
        stuck = this.known[this.list.firstReturn()]!;
      }
      const back = this.stepBack();
      if (!back) return { verdict: "violation", longest, stuck };
      at = back;
    }
    return { verdict: "linearizable", order: this.order() };
  }

  /** Takes one operation that may come now and changes nothing, if a configuration is new. */
  private takeEffectless(at: Cursor): boolean {
    if (at.unknown || at.node !== this.list.first) return false;
    const here = this.model.key(this.state);
    for (let node = at.node; this.list.isCall(node); node = this.list.next[node]!) {
      const op = node >> 1;
      const { input, output } = this.known[op]!;
      const states = this.model.step(this.state, input, output);
      if (states.length !== 1 || (states[0] !== this.state && this.model.key(states[0]!) !== here)) continue;
      this.doneKnown.add(op);
      this.stack.push({ op, unknown: false, before: this.state, others: [], final: true });
      this.list.lift(op);
      this.left--;
      return true;
    }
    return false;
  }

  /** The next operation that may take effect now, from `at` on: answered ones first. */
  private candidate(at: Cursor): { op: number; unknown: boolean; next: Cursor } | undefined {
    if (!at.unknown) {
      if (this.list.isCall(at.node)) return { op: at.node >> 1, unknown: false, next: { unknown: false, node: this.list.next[at.node]! } };
      return this.candidate({ unknown: true, index: 0 });
    }
    // What was called after the first open answer comes after that operation.
    const before = this.known[this.list.firstReturn()]!.return;
    for (let i = at.index; i < this.unknown.length && this.unknown[i]!.call <= before; i++) {
      if (!this.doneUnknown.has(i)) return { op: i, unknown: true, next: { unknown: true, index: i + 1 } };
    }
    return undefined;
  }

  /** Lets the operation take effect, unless the model or the memory says no. */
  private tryTo(op: number, unknown: boolean): boolean {
    const { input, output } = (unknown ? this.unknown : this.known)[op]!;
    let states = this.model.step(this.state, input, output);
    if (unknown) {
      // Without an effect it may as well be left out.
      const same = this.model.key(this.state);
      states = states.filter((s) => this.model.key(s) !== same);
    }
    return this.enter(op, unknown, this.state, states);
  }

  private enter(op: number, unknown: boolean, before: S, states: readonly S[]): boolean {
    const set = unknown ? this.doneUnknown : this.doneKnown;
    set.add(op);
    const sets = `${this.doneKnown.key}|${this.doneUnknown.key}|`;
    for (const [i, state] of states.entries()) {
      const key = sets + this.model.key(state);
      if (this.visited.has(key)) continue;
      this.visited.add(key);
      this.stack.push({ op, unknown, before, others: states.slice(i + 1), final: false });
      this.state = state;
      if (!unknown) {
        this.list.lift(op);
        this.left--;
      }
      return true;
    }
    set.remove(op);
    return false;
  }

  /** Takes the last effect back and says where to go on; undefined when there is nothing left to try. */
  private stepBack(): Cursor | undefined {
    let frame: Frame<S> | undefined;
    do {
      frame = this.stack.pop();
      if (!frame) return undefined;
      this.state = frame.before;
      (frame.unknown ? this.doneUnknown : this.doneKnown).remove(frame.op);
      if (frame.unknown) continue;
      this.list.unlift(frame.op);
      this.left++;
    } while (frame.final);
    const { op, unknown, before, others } = frame;
    if (others.length > 0 && this.enter(op, unknown, before, others)) return { unknown: false, node: this.list.first };
    return unknown ? { unknown: true, index: op + 1 } : { unknown: false, node: this.list.next[op * 2]! };
  }

  private order(from = 0): Operation<I, O>[] {
    return this.stack.slice(from).map(({ op, unknown }) => (unknown ? this.unknown : this.known)[op]!);
  }
}

/** A call in the list of events, or an unanswered operation by its number. */
type Cursor = { readonly unknown: false; readonly node: number } | { readonly unknown: true; readonly index: number };

/**
 * Calls and returns in the order of time, doubly linked, so that an operation is
 * taken out and put back at once (Lowe, §2). Node 2i is the call of operation i,
 * 2i + 1 its return.
 */
class EventList {
  readonly next: Int32Array;
  private readonly prev: Int32Array;
  private readonly head: number;

  constructor(operations: readonly Operation<unknown, unknown>[]) {
    const nodes = operations.flatMap((o, i) => [
      { node: i * 2, time: o.call },
      { node: i * 2 + 1, time: o.return },
    ]);
    // At the same instant calls come first: then neither is known to precede the other.
    nodes.sort((a, b) => a.time - b.time || (a.node & 1) - (b.node & 1));
    this.head = operations.length * 2;
    this.next = new Int32Array(this.head + 1);
    this.prev = new Int32Array(this.head + 1);
    let last = this.head;
    for (const { node } of nodes) {
      this.next[last] = node;
      this.prev[node] = last;
      last = node;
    }
    this.next[last] = this.head;
    this.prev[this.head] = last;
  }

  get first(): number {
    return this.next[this.head]!;
  }

  isCall(node: number): boolean {
    return node !== this.head && (node & 1) === 0;
  }

  /** The operation whose answer comes first of all that have not taken effect. */
  firstReturn(): number {
    let node = this.first;
    while ((node & 1) === 0) node = this.next[node]!;
    return node >> 1;
  }

  lift(op: number): void {
    for (const node of [op * 2, op * 2 + 1]) {
      this.next[this.prev[node]!] = this.next[node]!;
      this.prev[this.next[node]!] = this.prev[node]!;
    }
  }

  unlift(op: number): void {
    for (const node of [op * 2 + 1, op * 2]) {
      this.next[this.prev[node]!] = node;
      this.prev[this.next[node]!] = node;
    }
  }
}
