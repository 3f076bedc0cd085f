import { parseArgs } from "node:util";

/**
 * Command-line flags as upstream's components take them (pflag): `--name=value`
 * or `--name value`, `--bool` and `--bool=false`, lists separated by commas or
 * given again, maps as `k=v,k=v`, durations as Go writes them (`1m30s`, in ms here).
 */
export type FlagSpec = (
  | { type: "string"; default?: string; help: string }
  | { type: "int"; default?: number; help: string }
  | { type: "float"; default?: number; help: string }
  | { type: "bool"; default?: boolean; help: string }
  | { type: "duration"; default?: number; help: string }
  | { type: "list"; default?: string[]; help: string }
  | { type: "map"; default?: Record<string, string>; help: string }
) & {
  /** Where --help shows it: "Auditing". Without one: among the plain "Flags". */
  section?: string;
};

export type FlagSpecs = Record<string, FlagSpec>;

type Value = { string: string; int: number; float: number; bool: boolean; duration: number; list: string[]; map: Record<string, string> };
/** A flag without a default may be undefined. */
export type Flags<S extends FlagSpecs> = {
  [K in keyof S]: S[K] extends { default: unknown } ? Value[S[K]["type"]] : Value[S[K]["type"]] | undefined;
};

export class FlagError extends Error {
  override name = "FlagError";
}

export class HelpRequested extends Error {
  override name = "HelpRequested";
}

/** @throws FlagError naming the flag and what it takes; HelpRequested on --help. */
export function parseFlags<const S extends FlagSpecs>(specs: S, argv: string[]): Flags<S> {
  const out: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) out[name] = spec.default;
  const given = new Set<string>();
  for (const [name, value] of tokens(specs, argv)) {
    if (name === "help") throw new HelpRequested();
    const spec = specs[name];
    if (!spec) throw new FlagError(`unknown flag: --${name}`);
    out[name] = merge(spec, name, value, given.has(name) ? out[name] : undefined);
    given.add(name);
  }
  return out as Flags<S>;
}

function* tokens(specs: FlagSpecs, argv: string[]): Generator<[string, string]> {
  const options: Record<string, { type: "string" | "boolean"; multiple: true; short?: string }> = {
    help: { type: "boolean", multiple: true, short: "h" },
  };
  for (const [name, spec] of Object.entries(specs)) {
    options[name] = { type: spec.type === "bool" ? "boolean" : "string", multiple: true };
    if (name === "v") options[name] = { ...options[name]!, short: "v" };
  }
  // pflag allows --bool=false, which parseArgs does not: take those out first.
  const rest: string[] = [];
  for (const arg of argv) {
    const match = /^--([^=]+)=(.*)$/s.exec(arg);
    if (match && specs[match[1]!]?.type === "bool") yield [match[1]!, match[2]!];
    else rest.push(arg);
  }
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: rest, options, strict: false, tokens: true, allowPositionals: true });
  } catch (error) {
    throw new FlagError((error as Error).message);
  }
  for (const token of parsed.tokens ?? []) {
    if (token.kind === "positional") throw new FlagError(`unknown argument: ${token.value}`);
    if (token.kind !== "option") continue;
    if (token.value === undefined && specs[token.name] && specs[token.name]!.type !== "bool") {
      throw new FlagError(`flag needs an argument: --${token.name}`);
    }
    yield [token.name, token.value ?? "true"];
  }
}

function merge(spec: FlagSpec, name: string, text: string, before: unknown): unknown {
  const invalid = (why: string) => new FlagError(`invalid argument "${text}" for "--${name}" flag: ${why}`);
  switch (spec.type) {
    case "string":
      return text;
    case "int":
      if (!/^-?\d+$/.test(text)) throw invalid("must be a whole number");
      return Number(text);
    case "float":
      if (text.trim() === "" || Number.isNaN(Number(text))) throw invalid("must be a number");
      return Number(text);
    case "bool":
      if (!/^(true|false|t|f|1|0)$/i.test(text)) throw invalid("must be true or false");
      return /^(true|t|1)$/i.test(text);
    case "duration": {
      const ms = parseDuration(text);
      if (ms === undefined) throw invalid('must be a duration such as "300ms" or "1m30s"');
      return ms;
    }
    case "list":
      return [...((before as string[]) ?? []), ...(text === "" ? [] : text.split(","))];
    case "map": {
      const map = { ...((before as Record<string, string>) ?? {}) };
      for (const pair of text === "" ? [] : text.split(",")) {
        const at = pair.indexOf("=");
        if (at < 1) throw invalid("must be key=value pairs");
        map[pair.slice(0, at)] = pair.slice(at + 1);
      }
      return map;
    }
  }
}

const UNIT_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Go's time.ParseDuration, in milliseconds; undefined when it does not parse. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^-?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) total += Number(amount) * UNIT_MS[unit!]!;
  return text.startsWith("-") ? -total : total;
}

/** The same flags, shown under one heading. */
export function flagSection<const S extends FlagSpecs>(section: string, specs: S): S {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, { ...spec, section }])) as unknown as S;
}

/** Sections in the order in which they first come; durations as one would write them. */
export function helpText(command: string, summary: string, specs: FlagSpecs): string {
  const sections = Map.groupBy(Object.entries(specs), ([, { section }]) => (section === undefined ? "Flags" : `${section} flags`));
  const text = [...sections].map(([title, flags]) => `${title}:\n${flags.map(([name, spec]) => helpLine(name, spec)).join("\n")}\n`);
  return `${summary}\n\nUsage:\n  ${command} [flags]\n\n${text.join("\n")}`;
}

function helpLine(name: string, spec: FlagSpec): string {
  const plain = spec.default === undefined || spec.default === "" || spec.default === false;
  const shown = spec.type === "duration" ? goDuration(spec.default ?? 0) : JSON.stringify(spec.default);
  return `      --${name}${spec.type === "bool" ? "" : ` ${spec.type}`}\n            ${spec.help}${plain ? "" : ` (default ${shown})`}`;
}

/** Go's Duration.String() for what flags default to: "1h0m0s", "30s", "500ms". */
function goDuration(ms: number): string {
  if (ms !== 0 && Math.abs(ms) < 1000) return `${ms}ms`;
  const [hours, minutes, seconds] = [Math.trunc(ms / 3_600_000), Math.trunc(ms / 60_000) % 60, (ms / 1000) % 60];
  return `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds}s`;
}
