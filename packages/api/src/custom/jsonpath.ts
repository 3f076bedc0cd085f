/** The JSONPaths that CustomResourceDefinitions use: `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`, `.list[0]`, `['a']`, `*`. */
import { jsonEqual } from "../json-equal.ts";
import { isObject } from "../schema/conform.ts";

type Step = (values: unknown[]) => unknown[];

/** The paths' values in an object, in order. */
export type JsonPath = (root: unknown) => unknown[];

const NAME = /^\.?((?:[^.[\]\\'"()?@*\s]|\\.)+)/;
const QUOTED = /^\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/;
const INDEX = /^\[(-?\d+)\]/;
const SLICE = /^\[(-?\d*):(-?\d*)(?::(\d+))?\]/;
const WILD = /^(?:\.?\*|\[\*\])/;
const FILTER = /^\[\?\(\s*@((?:\.[^.\s=!<>()]+|\[[^\]]+\])*)\s*(?:(==|!=|<=|>=|<|>)\s*("[^"]*"|'[^']*'|[^\s)]+))?\s*\)\]/;

/** @throws Error saying what is not understood. */
export function parseJsonPath(text: string): JsonPath {
  const steps: Step[] = [];
  let rest = text.replace(/^\$/, "");
  while (rest !== "" && rest !== ".") {
    const [step, length] = nextStep(rest, text);
    steps.push(step);
    rest = rest.slice(length);
  }
  return (root) => steps.reduce<unknown[]>((values, step) => step(values), [root]);
}

function nextStep(rest: string, whole: string): [Step, number] {
  const wild = WILD.exec(rest);
  if (wild)
    return [
      (values) => values.flatMap((value) => (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [])),
      wild[0].length,
    ];
  const filter = FILTER.exec(rest);
  if (filter) return [filterStep(filter), filter[0].length];
  const index = INDEX.exec(rest);
  if (index)
    return [(values) => values.flatMap((value) => (Array.isArray(value) ? present(value.at(Number(index[1]))) : [])), index[0].length];
  const slice = SLICE.exec(rest);
  if (slice) return [sliceStep(slice), slice[0].length];
  const name = NAME.exec(rest) ?? QUOTED.exec(rest);
  if (!name)
    throw new Error(
      `unrecognized character in action: U+${rest.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")} '${rest[0]}' in ${whole}`,
    );
  const field = (name[1] ?? name[2]!).replace(/\\(.)/g, "$1");
  return [
    (values) => values.flatMap((value) => (isObject(value) && Object.hasOwn(value, field) ? present(value[field]) : [])),
    name[0].length,
  ];
}

const present = (value: unknown): unknown[] => (value === undefined ? [] : [value]);

function sliceStep([, from, to, by]: RegExpExecArray): Step {
  return (values) =>
    values.flatMap((value) => {
      if (!Array.isArray(value)) return [];
      const part = value.slice(from ? Number(from) : undefined, to ? Number(to) : undefined);
      return part.filter((_, index) => index % (Number(by) || 1) === 0);
    });
}

const COMPARISONS: Record<string, (a: any, b: any) => boolean> = {
  "==": jsonEqual,
  "!=": (a, b) => !jsonEqual(a, b),
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

function filterStep([, path, operator, literal]: RegExpExecArray): Step {
  const left = parseJsonPath(path ?? "");
  const compare = operator === undefined ? undefined : COMPARISONS[operator]!;
  const right = literal === undefined ? undefined : literalOf(literal);
  const keeps = (item: unknown): boolean => {
    const found = left(item);
    return compare ? found.some((value) => compare(value, right)) : found.length > 0;
  };
  return (values) => values.flatMap((value) => (Array.isArray(value) ? value.filter(keeps) : []));
}

function literalOf(text: string): unknown {
  if (/^["']/.test(text)) return text.slice(1, -1);
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

/** `.spec.replicas` as the members it names; undefined when it is more than that (scale, selectable fields). */
export function simplePath(text: string): string[] | undefined {
  if (!/^(?:\.[^.[\]*?@()]+)+$/.test(text)) return undefined;
  return text.slice(1).split(".");
}

export function readPath(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const name of path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}
