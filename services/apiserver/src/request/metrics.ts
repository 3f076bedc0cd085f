import type { Clock } from "@flotilla/base";
import { type Metric, Registry } from "prom-client";
import type { RequestInfo } from "./request-info.ts";
import { type Labels, RequestSeries } from "./request-series.ts";

const VERBS: Record<string, string> = { create: "POST", update: "PUT" };
const MUTATING = new Set(["create", "update", "patch", "delete", "deletecollection"]);
const SUBRESOURCE_LENGTH_MAX = 32;

/** What /metrics shows of requests, by upstream's names. Counting must cost next to nothing: it is done for each request. */
export class RequestMetrics {
  readonly registry = new Registry();
  private readonly clock: Clock;
  private readonly isServed: (info: RequestInfo) => boolean;
  private readonly series = new Map<string, RequestSeries>();
  private readonly inflight = { mutating: 0, readOnly: 0 };

  /** `isServed` keeps made-up resources out of the labels. */
  constructor(clock: Clock, isServed: (info: RequestInfo) => boolean) {
    this.clock = clock;
    this.isServed = isServed;
    this.expose(
      "apiserver_request_total",
      "counter",
      "Counter of apiserver requests broken out for each verb, resource and HTTP response code.",
      () => this.all((one) => one.totals()),
    );
    this.expose("apiserver_request_duration_seconds", "histogram", "Response latency distribution in seconds, watches left out.", () =>
      this.all((one) => one.durations()),
    );
    this.expose("apiserver_longrunning_requests", "gauge", "Watches and streams that are open.", () => this.all((one) => one.open()));
    this.expose("apiserver_current_inflight_requests", "gauge", "Requests being served, by kind.", () =>
      Object.entries(this.inflight).map(([request_kind, value]) => ({ labels: { request_kind }, value })),
    );
  }

  /** Call the result with the answer's code. */
  begin(info: RequestInfo, dryRun = false): (code: number) => void {
    const started_ms = this.clock.monotonic();
    const series = this.seriesOf(info, dryRun);
    if (info.verb === "watch") {
      series.running++;
      return (code) => {
        series.running--;
        series.count(code);
      };
    }
    const kind = MUTATING.has(info.verb) ? "mutating" : "readOnly";
    this.inflight[kind]++;
    return (code) => {
      this.inflight[kind]--;
      series.count(code);
      series.observe((this.clock.monotonic() - started_ms) / 1000);
    };
  }

  private seriesOf(info: RequestInfo, dryRun: boolean): RequestSeries {
    const scope = scopeOf(info);
    const key = `${info.verb} ${info.group} ${info.version} ${info.resource} ${info.subresource} ${scope} ${dryRun}`;
    let found = this.series.get(key);
    if (found) return found;
    const labels = this.labelsOf(info, scope, dryRun);
    found = this.all((one) => (one.sameLabels(labels) ? [one] : []))[0] ?? new RequestSeries(labels);
    // What is not served shares one series, and its many names are not remembered.
    this.series.set(this.isServed(info) ? key : Object.values(labels).join(" "), found);
    return found;
  }

  private labelsOf(info: RequestInfo, scope: string, dryRun: boolean): Labels {
    const served = info.isResource && this.isServed(info);
    return {
      verb: VERBS[info.verb] ?? info.verb.toUpperCase(),
      dry_run: dryRun ? "All" : "",
      group: served ? info.group : "",
      version: served ? info.version : "",
      resource: served ? info.resource : "",
      subresource: served ? info.subresource.slice(0, SUBRESOURCE_LENGTH_MAX) : "",
      scope: served ? scope : "",
      component: "apiserver",
    };
  }

  private all<T>(of: (series: RequestSeries) => T[]): T[] {
    return [...new Set(this.series.values())].flatMap(of);
  }

  /** prom-client writes what it is given; the values come from our own counters when somebody asks. */
  private expose(name: string, type: "counter" | "histogram" | "gauge", help: string, values: () => object[]): void {
    const metric = {
      name,
      help,
      type,
      aggregator: "sum",
      get: () => Promise.resolve({ name, help, type, aggregator: "sum", values: values() }),
      reset() {},
    };
    this.registry.registerMetric(metric as unknown as Metric);
  }
}

function scopeOf(info: RequestInfo): string {
  if (!info.isResource) return "";
  if (info.name !== "") return "resource";
  return info.namespace === "" ? "cluster" : "namespace";
}
