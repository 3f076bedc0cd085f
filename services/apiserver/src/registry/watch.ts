import { type ApiError, FieldErrors, isApiError, type ResourceDefinition, type Status } from "@flotilla/api";
import { randomInt, type Timer } from "@flotilla/base";
import type { Call, Reply } from "../request/call.ts";
import { isTrue } from "../request/request-info.ts";
import { type Entry, entryAt } from "../storage/entry.ts";
import type { Change } from "../storage/resource-cache.ts";
import { type Filter, filterOf } from "./filter.ts";
import { cacheOf, type Kernel, prepareViews, storageName, viewOf } from "./kernel.ts";
import { integerOf, invalidOptions } from "./options.ts";
import { parseRevision } from "./revision.ts";

export type EventType = "ADDED" | "MODIFIED" | "DELETED";

/** Where a front end wants the events; all calls are synchronous and must not throw. */
export interface WatchSink {
  event(type: EventType, entry: Entry): void;
  /** `initial`: the end of the initial events (KEP-3157). */
  bookmark(revision: number, initial: boolean): void;
  error(status: Status): void;
  /** The events so far belong together: send them. */
  flush(): void;
  end(): void;
  /** The client does not read: too much waits in its buffer. */
  readonly overflowing: boolean;
}

export interface WatchSource {
  /** Delivers until the returned function is called or the sink is ended. */
  start(sink: WatchSink): () => void;
}

const BOOKMARK_PERIOD_MS = 60_000;

interface Plan {
  filter: Filter;
  /** First send everything there is. */
  initial: boolean;
  /** Then mark the end of it. */
  initialBookmark: boolean;
  bookmarks: boolean;
  /** Events after this; ignored with `initial`. */
  revision: number;
  timeout_ms: number;
}

export async function watch(kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> {
  const plan = await planOf(kernel, call, def);
  return { type: "watch", definition: def, source: { start: (sink) => startWatch(kernel, def, plan, sink) } };
}

async function planOf(kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Plan> {
  const { query } = call;
  const sendInitial = query.get("sendInitialEvents");
  const seconds = integerOf(query, "timeoutSeconds") ?? 0;
  checkMatch(query, sendInitial);
  const revision = parseRevision(query.get("resourceVersion"));
  const filter = filterOf(def, call.info.namespace, call.info.name, query);
  if (revision === undefined) await kernel.store.fresh();
  else if (revision > 0 && isTrue(sendInitial)) await kernel.store.reach(revision);
  const initial = sendInitial !== null ? isTrue(sendInitial) : !revision;
  if (!initial && revision) await recall(kernel, def, revision);
  return {
    filter,
    initial,
    initialBookmark: isTrue(sendInitial),
    bookmarks: isTrue(query.get("allowWatchBookmarks")),
    revision: revision || kernel.store.revision,
    timeout_ms:
      1_000 * (seconds > 0 ? seconds : kernel.minRequestTimeout_seconds + randomInt(kernel.random, kernel.minRequestTimeout_seconds)),
  };
}

/** @throws ApiError Invalid */
function checkMatch(query: URLSearchParams, sendInitial: string | null): void {
  const errors = new FieldErrors();
  const forbid = (why: string) => errors.forbidden("resourceVersionMatch", why);
  const match = query.get("resourceVersionMatch") ?? "";
  if (match !== "") {
    if (sendInitial === null) forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    if (match !== "NotOlderThan") errors.notSupportedInOrder("resourceVersionMatch", match, ["NotOlderThan"]);
    if (query.get("continue")) forbid("resourceVersionMatch is forbidden when continue is provided");
  }
  if (sendInitial !== null && match !== "NotOlderThan") forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  if (!errors.empty) throw invalidOptions("ListOptions", errors);
}

/** A watch from before this server's memory: the store may remember. What it does not, the stream itself says. */
async function recall(kernel: Kernel, def: ResourceDefinition, revision: number): Promise<void> {
  if (revision >= cacheOf(kernel, def).forgottenRevision) return;
  try {
    await kernel.store.recall(storageName(def), revision);
  } catch (error) {
    if (!isApiError(error, "Expired")) throw error;
  }
}

/** One client's watch: invariant, it sees each matching change once, in order, or it ends. */
function startWatch(kernel: Kernel, def: ResourceDefinition, plan: Plan, sink: WatchSink): () => void {
  const cache = cacheOf(kernel, def);
  const timers: Timer[] = [];
  let unsubscribe = () => {};
  let unsubscribeFlush = () => {};
  let unsubscribeRetired = () => {};
  let dirty = false;
  let stopped = false;
  const stop = () => {
    stopped = true;
    unsubscribe();
    unsubscribeFlush();
    unsubscribeRetired();
    for (const timer of timers) timer.cancel();
  };
  const end = () => {
    stop();
    sink.end();
  };
  const turn = inTurn(def, end);
  const deliver = (change: Change) => {
    const event = visible(def, plan.filter, change);
    if (!event) return;
    sink.event(event.type, event.entry);
    dirty = true;
    if (sink.overflowing) end();
  };
  try {
    let from = plan.revision;
    if (plan.initial) {
      from = kernel.store.revision;
      const present = def.storage?.convert ? [...cache.scan(plan.filter.prefix)] : cache.scan(plan.filter.prefix);
      turn(present, () => {
        if (stopped) return;
        for (const stored of present) {
          const entry = viewOf(def, stored);
          if (plan.filter.matches(entry)) sink.event("ADDED", entry);
        }
        if (plan.initialBookmark && plan.bookmarks) sink.bookmark(from, true);
        sink.flush();
      });
    }
    unsubscribe = cache.subscribe(from, (change) => {
      const { entry, previous } = change;
      turn(previous ? [entry, previous] : [entry], () => {
        if (stopped) return;
        deliver(change);
        if (def.storage?.convert) sink.flush();
      });
    });
  } catch (error) {
    if (!isApiError(error)) throw error;
    sink.error((error as ApiError).status);
    sink.end();
    return () => {};
  }
  sink.flush();
  dirty = false;
  unsubscribeRetired = def.custom?.onRetired?.(end) ?? (() => {});
  unsubscribeFlush = kernel.store.onReached(() => {
    if (dirty) sink.flush();
    dirty = false;
  });
  timers.push(
    kernel.clock.setTimeout(() => {
      if (plan.bookmarks) sink.bookmark(kernel.store.revision, false);
      end();
    }, plan.timeout_ms),
  );
  if (plan.bookmarks) {
    timers.push(
      kernel.clock.setInterval(() => {
        sink.bookmark(kernel.store.revision, false);
        sink.flush();
      }, BOOKMARK_PERIOD_MS),
    );
  }
  return stop;
}

/**
 * Runs steps whose entries can be shown: at once, unless another program converts; then in their order, as its answers
 * come. A conversion that fails ends the watch.
 */
function inTurn(def: ResourceDefinition, end: () => void): (entries: Iterable<Entry>, step: () => void) => void {
  if (!def.storage?.convert) return (_, step) => step();
  let last = Promise.resolve();
  return (entries, step) => {
    last = last.then(() => prepareViews(def, entries)).then(step);
    last.catch(end);
  };
}

/** What a change looks like to a watcher whose selector may start or cease to match. */
function visible(def: ResourceDefinition, filter: Filter, change: Change): { type: EventType; entry: Entry } | undefined {
  if (!change.entry.key.startsWith(filter.prefix)) return undefined;
  const entry = viewOf(def, change.entry);
  if (filter.empty) return { type: change.type, entry };
  if (change.type === "DELETED")
    return change.previous && filter.matches(viewOf(def, change.previous)) ? { type: "DELETED", entry } : undefined;
  const matches = filter.matches(entry);
  const matched = change.previous !== undefined && filter.matches(viewOf(def, change.previous));
  if (matches) return { type: matched ? "MODIFIED" : "ADDED", entry };
  // As it was when it still matched, at the version of the change that took it away.
  return matched ? { type: "DELETED", entry: entryAt(viewOf(def, change.previous!), change.entry.revision) } : undefined;
}
