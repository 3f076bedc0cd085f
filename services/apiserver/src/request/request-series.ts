export type Labels = Record<string, string>;

interface Value {
  labels: Record<string, string | number>;
  value: number;
  metricName?: string;
}

/** Upstream's (apiserver/pkg/endpoints/metrics). */
export const BUCKETS_SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const DURATION = "apiserver_request_duration_seconds";

/** The counters of all requests with the same labels. */
export class RequestSeries {
  readonly labels: Labels;
  /** Long ones that are open now. */
  running = 0;
  private readonly codes = new Map<number, number>();
  private readonly buckets = new Array<number>(BUCKETS_SECONDS.length).fill(0);
  private observed = 0;
  private sum_seconds = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  sameLabels(labels: Labels): boolean {
    return Object.entries(labels).every(([name, value]) => this.labels[name] === value);
  }

  count(code: number): void {
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }

  observe(seconds: number): void {
    this.observed++;
    this.sum_seconds += seconds;
    const bucket = BUCKETS_SECONDS.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) this.buckets[bucket]!++;
  }

  totals(): Value[] {
    return [...this.codes].map(([code, value]) => ({ labels: { ...this.labels, code }, value }));
  }

  open(): Value[] {
    return this.labels["verb"] === "WATCH" ? [{ labels: this.labels, value: this.running }] : [];
  }

  durations(): Value[] {
    if (this.observed === 0) return [];
    let below = 0;
    const bucket = (le: number | string, value: number): Value => ({
      labels: { ...this.labels, le },
      value,
      metricName: `${DURATION}_bucket`,
    });
    return [
      ...BUCKETS_SECONDS.map((bound, i) => bucket(bound, (below += this.buckets[i]!))),
      bucket("+Inf", this.observed),
      { labels: this.labels, value: this.sum_seconds, metricName: `${DURATION}_sum` },
      { labels: this.labels, value: this.observed, metricName: `${DURATION}_count` },
    ];
  }
}
