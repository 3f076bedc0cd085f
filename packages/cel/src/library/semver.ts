/** Kubernetes' semver library: "1.2.3-rc.1+build" with the order of semver.org (2.0.0, section 11). */
import { EvaluationError } from "../errors.ts";
import { fn, type Library, method } from "../functions.ts";
import { Opaque } from "../values.ts";

const NAME = "kubernetes.Semver";
const PARTS = ["Major", "Minor", "Patch"] as const;
const UINT64_MAX = 2n ** 64n - 1n;

interface Version {
  /** Major, minor, patch. */
  numbers: bigint[];
  /** What comes before the release; numbers among them count as numbers. */
  before: (string | bigint)[];
}

class SemverValue extends Opaque {
  override readonly typeName = NAME;
  readonly version: Version;
  constructor(version: Version) {
    super();
    this.version = version;
  }
  override equals(other: Opaque): boolean {
    return other instanceof SemverValue && compareVersions(other.version, this.version) === 0;
  }
}

const wrong = (message: string): EvaluationError => new EvaluationError(message);
const quoted = (text: string): string => JSON.stringify(text);

function numberOf(text: string, part: string): bigint {
  if (!/^\d+$/.test(text)) throw wrong(`Invalid character(s) found in ${part.toLowerCase()} number ${quoted(text)}`);
  if (/^0\d/.test(text)) throw wrong(`${part} number must not contain leading zeroes ${quoted(text)}`);
  const value = BigInt(text);
  if (value > UINT64_MAX) throw wrong(`strconv.ParseUint: parsing ${quoted(text)}: value out of range`);
  return value;
}

function identifier(text: string): string | bigint {
  if (text === "") throw wrong("Prerelease is empty");
  if (!/^[0-9A-Za-z-]+$/.test(text)) throw wrong(`Invalid character(s) found in prerelease ${quoted(text)}`);
  if (!/^\d+$/.test(text)) return text;
  if (/^0\d/.test(text)) throw wrong(`Numeric PreRelease version must not contain leading zeroes ${quoted(text)}`);
  return BigInt(text);
}

/** @throws EvaluationError */
function parse(text: string): Version {
  if (text === "") throw wrong("Version string empty");
  const [major, minor, ...rest] = text.split(".");
  if (minor === undefined || rest.length === 0) throw wrong("No Major.Minor.Patch elements found");
  const [, patch = "", before, build] = /^([^+-]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(rest.join("."))!;
  const numbers = [major!, minor, patch].map((part, index) => numberOf(part, PARTS[index]!));
  for (const part of build?.split(".") ?? []) {
    if (part === "") throw wrong("Build meta data is empty");
    if (!/^[0-9A-Za-z-]+$/.test(part)) throw wrong(`Invalid character(s) found in build meta data ${quoted(part)}`);
  }
  return { numbers, before: before?.split(".").map(identifier) ?? [] };
}

/** Without a leading v and leading zeros; minor and patch may be left out. */
function normalized(text: string): string {
  const [major, minor, ...rest] = text.replace(/^v/, "").split(".");
  const parts = [major!, ...(minor === undefined ? [] : [minor]), ...(rest.length === 0 ? [] : [rest.join(".")])];
  if (parts.length < 3 && /[+-]/.test(parts.at(-1)!)) throw wrong("short version cannot contain PreRelease/Build meta data");
  while (parts.length < 3) parts.push("0");
  return parts.map((part) => part.replace(/^0+(?=\d)/, "")).join(".");
}

/** -1, 0, 1. What comes before a release is less than it; what a build says does not count. */
function compareVersions(a: Version, b: Version): number {
  for (const [index, number] of a.numbers.entries()) {
    const order = sign(number, b.numbers[index]!);
    if (order !== 0) return order;
  }
  if (a.before.length === 0 || b.before.length === 0) return Math.sign(b.before.length - a.before.length);
  for (let index = 0; index < Math.min(a.before.length, b.before.length); index++) {
    const order = compareIdentifiers(a.before[index]!, b.before[index]!);
    if (order !== 0) return order;
  }
  return Math.sign(a.before.length - b.before.length);
}

/** Numbers by value, and below any text; text by its characters. */
function compareIdentifiers(a: string | bigint, b: string | bigint): number {
  if (typeof a !== typeof b) return typeof a === "bigint" ? -1 : 1;
  return sign(a, b);
}

const sign = (a: string | bigint, b: string | bigint): number => (a < b ? -1 : a > b ? 1 : 0);

const semver = (text: string, normalize: boolean): SemverValue => new SemverValue(parse(normalize ? normalized(text) : text));

function isSemver(text: string, normalize: boolean): boolean {
  try {
    semver(text, normalize);
    return true;
  } catch {
    return false;
  }
}

const order = (a: SemverValue, b: SemverValue): number => compareVersions(a.version, b.version);

export const SEMVERS: Library = [
  fn("semver", `string -> ${NAME}`, ([text]) => semver(text, false)),
  fn("semver", `string, bool -> ${NAME}`, ([text, normalize]) => semver(text, normalize)),
  fn("isSemver", "string -> bool", ([text]) => isSemver(text, false)),
  fn("isSemver", "string, bool -> bool", ([text, normalize]) => isSemver(text, normalize)),
  ...PARTS.map((part, index) =>
    method(part.toLowerCase(), `${NAME} -> int`, ([{ version }]) => BigInt.asIntN(64, version.numbers[index]!)),
  ),
  method("compareTo", `${NAME}, ${NAME} -> int`, ([a, b]) => BigInt(order(a, b))),
  method("isLessThan", `${NAME}, ${NAME} -> bool`, ([a, b]) => order(a, b) < 0),
  method("isGreaterThan", `${NAME}, ${NAME} -> bool`, ([a, b]) => order(a, b) > 0),
];
