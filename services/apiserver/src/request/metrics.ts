import type { Clock } from "@flotilla/base";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { RequestInfo } from "./request-info.ts";

/** What /metrics shows of requests, by upstream's names. */
export class RequestMetrics {
  readonly registry = new Registry();
  private readonly clock: Clock;
  private readonly total: Counter;
  private readonly duration: Histogram;
  private readonly inflight: Gauge;
  private readonly isServed: (info: RequestInfo) => boolean;

  /** `isServed` keeps made-up resources out of the labels. */
  constructor(clock: Clock, isServed: (info: RequestInfo) => boolean) {
    this.clock = clock;
    this.isServed = isServed;
    const registers = [this.registry];
    const labelNames = ["verb", "group", "version", "resource", "subresource"];
    this.total = new Counter({
      name: "apiserver_request_total",
      help: "Requests by verb, resource and code.",
      labelNames: [...labelNames, "code"],
      registers,
    });
    this.duration = new Histogram({
      name: "apiserver_request_duration_seconds",
      help: "Time to answer, by verb and resource.",
      labelNames,
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30],
      registers,
    });
    this.inflight = new Gauge({
      name: "apiserver_current_inflight_requests",
      help: "Requests being served.",
      labelNames: ["request_kind"],
      registers,
    });
  }

  /** Call the result with the answer's code. */
  begin(info: RequestInfo): (code: number) => void {
    const started_ms = this.clock.monotonic();
    const labels =
      info.isResource && this.isServed(info)
        ? {
            verb: info.verb.toUpperCase(),
            group: info.group,
            version: info.version,
            resource: info.resource,
            subresource: info.subresource.slice(0, 32),
          }
        : { verb: info.verb.toUpperCase(), group: "", version: "", resource: "", subresource: "" };
    const kind = { request_kind: /^(create|update|patch|delete)/.test(info.verb) ? "mutating" : "readOnly" };
    this.inflight.inc(kind);
    return (code) => {
      this.inflight.dec(kind);
      this.total.inc({ ...labels, code });
      if (info.verb !== "watch") this.duration.observe(labels, (this.clock.monotonic() - started_ms) / 1000);
    };
  }
}
