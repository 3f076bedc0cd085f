/** Kubernetes' named formats: format.dns1123Label().validate(text) yields what is wrong with it, if anything. */
import {
  asPrefix,
  dns1035LabelErrors,
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from "@flotilla/api/names.ts";
import { fn, type Library, method } from "../functions.ts";
import { parseDuration, parseTimestamp } from "../time.ts";
import { ArrayList, Opaque, Optional } from "../values.ts";
import { isUrl } from "./url.ts";

const NAME = "kubernetes.NamedFormat";
type Check = (text: string) => string[];

class NamedFormat extends Opaque {
  override readonly typeName = NAME;
  readonly name: string;
  readonly check: Check;
  constructor(name: string, check: Check) {
    super();
    this.name = name;
    this.check = check;
  }
  override equals(other: Opaque): boolean {
    return other instanceof NamedFormat && other.name === this.name;
  }
}

/** What a parser refuses is wrong in this one way. */
const parsing =
  (parse: (text: string) => unknown, problem: string): Check =>
  (text) => {
    try {
      parse(text);
      return [];
    } catch {
      return [problem];
    }
  };
const shaped =
  (pattern: RegExp, problem: string): Check =>
  (text) =>
    pattern.test(text) ? [] : [problem];

const CHECKS: Record<string, Check> = {
  dns1123Label: dns1123LabelErrors,
  dns1123Subdomain: dns1123SubdomainErrors,
  dns1035Label: dns1035LabelErrors,
  qualifiedName: qualifiedNameErrors,
  dns1123LabelPrefix: (text) => dns1123LabelErrors(asPrefix(text, true)),
  dns1123SubdomainPrefix: (text) => dns1123SubdomainErrors(asPrefix(text, true)),
  dns1035LabelPrefix: (text) => dns1035LabelErrors(asPrefix(text, true)),
  labelValue: labelValueErrors,
  uri: (text) => (isUrl(text) ? [] : [`parse ${JSON.stringify(text)}: invalid URI for request`]),
  uuid: shaped(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i, "does not match the UUID format"),
  byte: shaped(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, "invalid base64"),
  date: parsing((text) => parseTimestamp(`${text}T00:00:00Z`), "invalid date"),
  datetime: parsing(parseTimestamp, "invalid datetime"),
  duration: parsing(parseDuration, "invalid duration"),
};
const FORMATS_BY_NAME = new Map(Object.entries(CHECKS).map(([name, check]) => [name, new NamedFormat(name, check)]));

export const FORMATS: Library = [
  ...[...FORMATS_BY_NAME].map(([name, value]) => fn(`format.${name}`, `-> ${NAME}`, () => value)),
  fn("format.named", `string -> optional<${NAME}>`, ([name]) => new Optional(FORMATS_BY_NAME.get(name))),
  method("validate", `${NAME}, string -> optional<list<string>>`, ([named, text]) => {
    const problems = (named as NamedFormat).check(text);
    return problems.length === 0 ? Optional.none : new Optional(new ArrayList(problems));
  }),
];
