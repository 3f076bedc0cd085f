import { type ApiError, apiError, FieldErrors, isApiError, type ResourceDefinition } from "@flotilla/api";
import type { Call, ListMetadata, Reply } from "../request/call.ts";
import type { Entry } from "../storage/entry.ts";
import { decodeContinue, encodeContinue, LATEST } from "./continue-token.ts";
import { type Filter, filterOf } from "./filter.ts";
import { cacheOf, type Kernel, keyOf, prepareViews, viewOf } from "./kernel.ts";
import { integerOf, invalidOptions } from "./options.ts";
import { parseRevision } from "./revision.ts";

/** Store pages are at least this big: a selective filter must not cost a round trip per match. */
const STORE_PAGE_MIN = 500;

interface Plan {
  /** 0: whatever the cache holds. */
  revision: number;
  /** Show exactly that revision. */
  exact: boolean;
  after: string;
  limit: number;
}

export async function list(kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> {
  const filter = filterOf(def, call.info.namespace, "", call.query);
  const plan = await planOf(kernel, call.query, filter);
  const cache = cacheOf(kernel, def);
  // The cache serves a past revision too, as long as nothing of this resource changed since.
  const fromCache = !plan.exact || (plan.revision >= cache.lastRevision && plan.revision <= kernel.store.revision);
  const revision = plan.exact ? plan.revision : kernel.store.revision;
  if (fromCache) await prepareViews(def, cache.scan(filter.prefix, plan.after));
  const page = fromCache
    ? cachePage(kernel, def, filter, plan)
    : await storePage(kernel, def, filter, plan).catch((error) => {
        throw isApiError(error, "Expired") ? tooOld(filter, plan) : error;
      });
  const metadata: ListMetadata = { resourceVersion: String(revision) };
  if (page.more) {
    metadata.continue = encodeContinue({ revision, after: page.last.slice(filter.prefix.length) });
    if (filter.empty && page.remaining !== undefined) metadata.remainingItemCount = page.remaining;
  }
  return { type: "list", definition: def, entries: page.entries, metadata };
}

/** With a token for the rest as it is now, for clients that would rather go on than begin again. */
function tooOld(filter: Filter, plan: Plan): ApiError {
  if (plan.after === "") return apiError("Expired", "The resourceVersion for the provided list is too old.");
  const message = [
    "The provided continue parameter is too old to display a consistent list result.",
    "You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.",
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the",
    "first chunk was returned and now may show up in the list.",
  ].join(" ");
  const error = apiError("Expired", message);
  error.status.metadata = { continue: encodeContinue({ revision: LATEST, after: plan.after.slice(filter.prefix.length) }) };
  return error;
}

async function planOf(kernel: Kernel, query: URLSearchParams, filter: Filter): Promise<Plan> {
  const limit = integerOf(query, "limit") ?? 0;
  integerOf(query, "timeoutSeconds");
  const match = query.get("resourceVersionMatch") ?? "";
  const token = query.get("continue");
  checkMatch(query, match);
  const revision = parseRevision(query.get("resourceVersion"));
  if (token) {
    if (revision) throw apiError("BadRequest", "specifying resource version is not allowed when using continue");
    const { revision: at, after } = decodeContinue(token);
    if (at !== LATEST) return { revision: at, exact: true, after: filter.prefix + after, limit };
    await kernel.store.fresh();
    return { revision: 0, exact: false, after: filter.prefix + after, limit };
  }
  if (revision === undefined) await kernel.store.fresh();
  else if (revision > 0) await kernel.store.reach(revision);
  // As upstream's watch cache: a list that takes any version is not paged.
  if (revision === 0) return { revision: 0, exact: false, after: "", limit: 0 };
  const exact = match === "Exact" || (match === "" && limit > 0 && revision !== undefined);
  return { revision: revision ?? 0, exact, after: "", limit };
}

/** @throws ApiError Invalid */
function checkMatch(query: URLSearchParams, match: string): void {
  const errors = new FieldErrors();
  const forbid = (why: string) => errors.forbidden("resourceVersionMatch", why);
  if (match !== "") {
    if (!query.get("resourceVersion")) forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (query.get("continue")) forbid("resourceVersionMatch is forbidden when continue is provided");
    if (match !== "Exact" && match !== "NotOlderThan")
      errors.notSupportedInOrder("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""]);
    if (match === "Exact" && query.get("resourceVersion") === "0")
      forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (query.get("sendInitialEvents") !== null) errors.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
  if (!errors.empty) throw invalidOptions("ListOptions", errors);
}

interface Page {
  entries: Entry[];
  more: boolean;
  last: string;
  remaining?: number;
}

function cachePage(kernel: Kernel, def: ResourceDefinition, filter: Filter, plan: Plan): Page {
  const cache = cacheOf(kernel, def);
  const entries: Entry[] = [];
  if (filter.name !== undefined && filter.prefix !== keyPrefixAll(filter, def)) {
    const entry = cache.get(keyOf(def, namespaceOf(filter), filter.name));
    const view = entry && viewOf(def, entry);
    return { entries: view && filter.matches(view) && view.key > plan.after ? [view] : [], more: false, last: "" };
  }
  let last = "";
  let more = false;
  let remaining = 0;
  for (const stored of cache.scan(filter.prefix, plan.after)) {
    if (more) {
      remaining++;
      continue;
    }
    const entry = viewOf(def, stored);
    if (!filter.empty && !filter.matches(entry)) continue;
    if (plan.limit > 0 && entries.length === plan.limit) {
      more = true;
      remaining = 1;
      if (!filter.empty) break;
      continue;
    }
    entries.push(entry);
    last = entry.key;
  }
  return { entries, more, last, remaining };
}

/** The prefix that stands for "every namespace": then a name alone is no key. */
function keyPrefixAll(filter: Filter, def: ResourceDefinition): string | undefined {
  return def.namespaced && namespaceOf(filter) === "" ? filter.prefix : undefined;
}

/** "/registry/pods/default/" → "default". */
const namespaceOf = (filter: Filter): string => filter.prefix.split("/")[3] ?? "";

async function storePage(kernel: Kernel, def: ResourceDefinition, filter: Filter, plan: Plan): Promise<Page> {
  const entries: Entry[] = [];
  let after = plan.after;
  for (;;) {
    const size = plan.limit > 0 ? Math.max(plan.limit - entries.length, filter.empty ? 1 : STORE_PAGE_MIN) : STORE_PAGE_MIN;
    const page = await kernel.store.readPage(filter.prefix, after, size, plan.revision);
    await prepareViews(def, page.entries);
    for (const [index, stored] of page.entries.entries()) {
      const entry = viewOf(def, stored);
      after = entry.key;
      if (filter.matches(entry)) entries.push(entry);
      if (plan.limit > 0 && entries.length === plan.limit) {
        const more = page.more || index < page.entries.length - 1;
        return { entries, more, last: after, remaining: page.count - index - 1 };
      }
    }
    if (!page.more) return { entries, more: false, last: after };
  }
}
