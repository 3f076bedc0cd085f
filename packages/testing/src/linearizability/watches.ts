/**
 * Judges watch streams against the history of revisions: everything that matches,
 * in order, nothing twice, nothing left out (etcd's watch guarantees: ordered,
 * unique, reliable, atomic, resumable, bookmarkable).
 */
export interface WatchedEvent {
  readonly type: "put" | "delete";
  readonly key: string;
  /** Of a put. */
  readonly value?: string;
  readonly mod: number;
  /** The value before, null when there was none; undefined when not asked for. */
  readonly prev?: string | null;
}

export interface WatchResponse {
  /** The header's. */
  readonly revision: number;
  /** None in a progress notification: everything up to `revision` has been sent then. */
  readonly events: readonly WatchedEvent[];
  /** More of the same answer follows: a revision may be split here. */
  readonly fragment?: boolean;
}

export interface WatchStream {
  /** For messages. */
  readonly name: string;
  /** One key, or [key, end); an end of "\0" means everything from `key` on. */
  readonly key: string;
  readonly end?: string;
  /** The first revision the stream had to show. */
  readonly start: number;
  readonly noPut?: boolean;
  readonly noDelete?: boolean;
  readonly responses: readonly WatchResponse[];
  /** The stream was given time to show everything up to this revision. */
  readonly until?: number;
}

/** What is wrong with `stream`, given all that was ever written; undefined when nothing is. */
export function checkWatch(stream: WatchStream, history: readonly WatchedEvent[]): string | undefined {
  const expected = inOrder(history.filter((e) => e.mod >= stream.start && matches(stream, e)));
  const fail = (what: string) => `watch ${stream.name} of ${stream.key} from ${stream.start}: ${what}`;
  let at = 0;
  let split: number | undefined;
  for (const response of stream.responses) {
    const { events } = response;
    const first = events[0]?.mod;
    const again = expected[at]?.mod !== split && split !== undefined;
    if (first !== undefined && first === split && !again) return fail(`revision ${split} came in two answers`);
    const last = events.at(-1)?.mod;
    for (const event of inOrder(events)) {
      const want = expected[at];
      if (!want || !same(want, event)) return fail(difference(want, event, expected.slice(0, at)));
      at++;
    }
    if (!ascending(events)) return fail(`an answer is out of order: ${events.map((e) => e.mod).join(", ")}`);
    if (last !== undefined && last > response.revision) return fail(`an event of ${last} came with header revision ${response.revision}`);
    split = response.fragment ? undefined : last;
    const missing = expected[at];
    if (events.length === 0 && missing && missing.mod <= response.revision) {
      return fail(`progress of ${response.revision} was told before ${show(missing)} was sent`);
    }
  }
  const missing = expected[at];
  if (missing && stream.until !== undefined && missing.mod <= stream.until) return fail(`${show(missing)} never came`);
  return undefined;
}

/**
 * All that any of the streams shows, in order; where two disagree about what a
 * revision did to a key, an error instead.
 */
export function mergeHistory(streams: readonly WatchStream[]): { history: WatchedEvent[]; conflict: string | undefined } {
  const all = new Map<string, WatchedEvent>();
  let conflict: string | undefined;
  for (const stream of streams) {
    for (const { events } of stream.responses) {
      for (const event of events) {
        const at = `${event.mod} ${event.key}`;
        const known = all.get(at);
        if (known && !same(known, event)) conflict ??= `watch ${stream.name} shows ${show(event)}, another stream ${show(known)}`;
        all.set(at, known?.prev === undefined ? event : known);
      }
    }
  }
  return { history: inOrder([...all.values()]), conflict };
}

function matches({ key, end, noPut, noDelete }: WatchStream, event: WatchedEvent): boolean {
  if (event.type === "put" ? noPut : noDelete) return false;
  if (end === undefined) return event.key === key;
  return event.key >= key && (end === "\0" || event.key < end);
}

/** By revision; within one, by key: a transaction writes no key twice. */
const inOrder = (events: readonly WatchedEvent[]) => [...events].sort((a, b) => a.mod - b.mod || (a.key < b.key ? -1 : 1));

const ascending = (events: readonly WatchedEvent[]) => events.every((e, i) => i === 0 || events[i - 1]!.mod <= e.mod);

function same(a: WatchedEvent, b: WatchedEvent): boolean {
  if (a.mod !== b.mod || a.key !== b.key || a.type !== b.type) return false;
  if (a.type === "put" && a.value !== b.value) return false;
  return a.prev === undefined || b.prev === undefined || a.prev === b.prev;
}

function difference(want: WatchedEvent | undefined, got: WatchedEvent, before: readonly WatchedEvent[]): string {
  if (before.some((e) => e.mod === got.mod && e.key === got.key)) return `${show(got)} came twice`;
  if (!want) return `${show(got)} came, which nobody wrote`;
  if (want.mod === got.mod && want.key === got.key) return `${show(got)} came instead of ${show(want)}`;
  return `${show(want)} is missing: ${show(got)} came in its place`;
}

const show = (e: WatchedEvent) =>
  `${e.type} ${e.key}${e.value === undefined ? "" : `=${e.value}`} at ${e.mod}${e.prev === undefined ? "" : ` (before: ${e.prev})`}`;
