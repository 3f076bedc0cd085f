import { rfc3339Micro } from "@flotilla/base";
import type { Call, Reply } from "../request/call.ts";
import type { Fairness } from "./fairness.ts";
import type { PriorityLevel, Rejection } from "./priority-level.ts";

type Levels = Pick<Fairness, "levels" | "exempt">;

const ROOT = "/debug/api_priority_and_fairness/";
/** A level may have millions of queues; beyond these only the ones in use are shown. */
const QUEUES_SHOWN_MAX = 10_000;
const NONE = "<none>";

/** The pages under /debug/api_priority_and_fairness; undefined: the path is none of them. */
export function dumpPage(fairness: Levels, { info, query }: Pick<Call, "info" | "query">): Reply | undefined {
  if (info.verb !== "get" || !info.path.startsWith(ROOT)) return undefined;
  const page = PAGES.get(info.path.slice(ROOT.length));
  if (!page) return undefined;
  const body = table(page(fairness, (query.get("includeRequestDetails") ?? "") !== ""));
  return { type: "document", code: 200, contentType: "text/plain; charset=utf-8", body };
}

type Rows = (string | number | boolean)[][];

const PAGES = new Map<string, (fairness: Levels, details: boolean) => Rows>([
  ["dump_priority_levels", priorityLevels],
  ["dump_queues", queues],
  ["dump_requests", requests],
]);

function priorityLevels({ levels, exempt }: Levels): Rows {
  const header = ["ActiveQueues", "IsIdle", "IsQuiescing", "WaitingRequests", "ExecutingRequests"];
  const counted = (level: PriorityLevel, ...reasons: Rejection[]) =>
    reasons.reduce((sum, reason) => sum + (level.rejected.get(reason) ?? 0), 0);
  return [
    ["PriorityLevelName", ...header, "DispatchedRequests", "RejectedRequests", "TimedoutRequests", "CancelledRequests"],
    ...[...exempt].map(([name, { running, dispatched }]) => [name, 0, running === 0, false, 0, running, dispatched, 0, 0, 0]),
    ...[...levels.values()].map((level) => [
      level.name,
      [...level.queues.values()].filter(({ waiting }) => waiting.length > 0).length,
      level.idle,
      level.quiescing,
      level.waitingCount,
      level.running,
      level.dispatched,
      counted(level, "queue-full", "concurrency-limit"),
      counted(level, "time-out"),
      counted(level, "cancelled"),
    ]),
  ];
}

function queues({ levels, exempt }: Levels): Rows {
  const names = ["PendingRequests", "ExecutingRequests", "SeatsInUse", "NextDispatchR", "InitialSeatsSum", "MaxSeatsSum", "TotalWorkSum"];
  const rows: Rows = [["PriorityLevelName", "Index", ...names]];
  const none = (name: string) => [name, ...Array<string>(names.length + 1).fill(NONE)];
  for (const name of exempt.keys()) rows.push(none(name));
  for (const level of levels.values()) {
    const count = Math.min(level.limits.queuing?.queues ?? 0, QUEUES_SHOWN_MAX);
    const indexes = new Set([...Array(count).keys(), ...[...level.queues.keys()].sort((a, b) => a - b)]);
    if (indexes.size === 0) rows.push(none(level.name));
    for (const index of indexes) {
      const { waiting, running, seatsRunning, nextStart } = level.queues.get(index) ?? {
        waiting: [],
        running: 0,
        seatsRunning: 0,
        nextStart: 0,
      };
      const seats = waiting.reduce((sum, one) => sum + one.seats, 0);
      // A request's width does not change while it runs here: the sums of its first and its most seats are the same.
      rows.push([level.name, index, waiting.length, running, seatsRunning, `${nextStart.toFixed(8)}ss`, seats, seats, NONE]);
    }
  }
  return rows;
}

function requests({ levels }: Levels, details: boolean): Rows {
  const header = [
    "PriorityLevelName",
    "FlowSchemaName",
    "QueueIndex",
    "RequestIndexInQueue",
    "FlowDistingsher",
    "ArriveTime",
    "InitialSeats",
  ];
  const more = ["UserName", "Verb", "APIPath", "Namespace", "Name", "APIVersion", "Resource", "SubResource"];
  const rows: Rows = [[...header, ...(details ? more : [])]];
  for (const level of levels.values()) {
    for (const { index, waiting } of level.queues.values()) {
      for (const [place, { call, schema, distinguisher, arrived_ms, seats }] of waiting.entries()) {
        const { verb, path, namespace, name, group, version, resource, subresource } = call.info;
        const apiVersion = group === "" ? version : `${group}/${version}`;
        rows.push([
          ...[level.name, schema, index, place, distinguisher, rfc3339Micro(arrived_ms), seats],
          ...(details ? [call.user.name, verb, path, namespace, name, apiVersion, resource, subresource] : []),
        ]);
      }
    }
  }
  return rows;
}

/** As Go's tabwriter puts it: columns at least 8 wide, a comma after each value but the last. */
function table(rows: Rows): string {
  const cells = rows.map((row) => row.map((value, i) => (i < row.length - 1 ? `${value},` : String(value))));
  const widths = cells[0]!.map((_, column) => Math.max(8, ...cells.map((row) => (row[column]?.length ?? 0) + 1)));
  return cells.map((row) => `${row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i]!) : cell)).join("")}\n`).join("");
}
