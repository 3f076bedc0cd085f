import { exponential, Histogram } from "../metrics/text.ts";

/** What went to one member, for the metrics. */
export class Traffic {
  sent_bytes = 0;
  failures = 0;
  /** Of pings, in seconds; etcd's bounds. */
  readonly roundTrip = new Histogram(exponential(0.0001, 2, 16));
}
