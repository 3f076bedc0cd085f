/** Prometheus' text format (version 0.0.4), as far as the store needs it. */

type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [Labels, number];

export const gauge = (name: string, help: string, value: number | readonly Sample[]) => metric("gauge", name, help, value);
export const counter = (name: string, help: string, value: number | readonly Sample[]) => metric("counter", name, help, value);

function metric(type: string, name: string, help: string, value: number | readonly Sample[]): string {
  const samples: readonly Sample[] = typeof value === "number" ? [[{}, value]] : value;
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([labels, v]) => `${name}${labelText(labels)} ${v}`)].join(
    "\n",
  );
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (c) => (c === "\n" ? "\\n" : `\\${c}`))}"`,
  );
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

/** `count` bounds, each `factor` times the one before. */
export const exponential = (start: number, factor: number, count: number) => Array.from({ length: count }, (_, i) => start * factor ** i);

/** A histogram with fixed upper bounds. */
export class Histogram {
  private readonly bounds: readonly number[];
  private readonly counts: number[];
  private count = 0;
  private sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.count++;
    this.sum += value;
    const at = this.bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.counts[at]!++;
  }

  text(name: string, help: string): string {
    return histograms(name, help, [[{}, this]]);
  }

  /** The samples alone, with these labels. */
  samples(name: string, labels: Labels): string[] {
    let total = 0;
    const buckets = this.bounds.map(
      (bound, i) => `${name}_bucket${labelText({ ...labels, le: String(bound) })} ${(total += this.counts[i]!)}`,
    );
    return [
      ...buckets,
      `${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${this.count}`,
      `${name}_sum${labelText(labels)} ${this.sum}`,
      `${name}_count${labelText(labels)} ${this.count}`,
    ];
  }
}

/** One metric of several histograms, each with its labels. */
export function histograms(name: string, help: string, list: readonly (readonly [Labels, Histogram])[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...list.flatMap(([labels, h]) => h.samples(name, labels))].join("\n");
}
