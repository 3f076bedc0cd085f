/**
 * Rules for names, labels and keys (apimachinery/pkg/util/validation). Each function returns what is wrong,
 * in upstream's words; an empty list is a good name.
 */

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const DNS1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";

const LABEL_RE = new RegExp(`^${LABEL}$`);
const SUBDOMAIN_RE = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
const DNS1035_RE = new RegExp(`^${DNS1035}$`);
const QUALIFIED_RE = new RegExp(`^${QUALIFIED}$`);

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const DNS1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const QUALIFIED_TEXT = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** `… (e.g. 'a',  or 'b', regex used for validation is '…')`: the two spaces are upstream's. */
function regexError(text: string, regex: string, ...examples: string[]): string {
  if (examples.length === 0) return `${text} (regex used for validation is '${regex}')`;
  const list = examples.map((example) => `'${example}', `).join(" or ");
  return `${text} (e.g. ${list}regex used for validation is '${regex}')`;
}

const maxLength = (max: number): string => `must be no more than ${max} bytes`;

export function dns1123SubdomainErrors(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > 253) errors.push(maxLength(253));
  if (!SUBDOMAIN_RE.test(value)) errors.push(regexError(SUBDOMAIN_TEXT, `${LABEL}(\\.${LABEL})*`, "example.com"));
  return errors;
}

export function dns1123LabelErrors(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > 63) errors.push(maxLength(63));
  if (!LABEL_RE.test(value)) {
    if (SUBDOMAIN_RE.test(value)) errors.push("must not contain dots");
    else errors.push(regexError(LABEL_TEXT, LABEL, "my-name", "123-abc"));
  }
  return errors;
}

export function dns1035LabelErrors(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > 63) errors.push(maxLength(63));
  if (!DNS1035_RE.test(value)) errors.push(regexError(DNS1035_TEXT, DNS1035, "my-name", "abc-123"));
  return errors;
}

/** Label keys, annotation keys, condition types: `[prefix/]name`. */
export function qualifiedNameErrors(value: string): string[] {
  const errors: string[] = [];
  const parts = value.split("/");
  let name = parts[0]!;
  if (parts.length === 2) {
    const prefix = parts[0]!;
    name = parts[1]!;
    if (prefix === "") errors.push("prefix part must be non-empty");
    else for (const error of dns1123SubdomainErrors(prefix)) errors.push(`prefix part ${error}`);
  } else if (parts.length > 2) {
    return [
      `a qualified name ${regexError(QUALIFIED_TEXT, QUALIFIED, "MyName", "my.name", "123-abc")} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (name === "") errors.push("name part must be non-empty");
  else if (byteLength(name) > 63) errors.push(`name part ${maxLength(63)}`);
  if (!QUALIFIED_RE.test(name)) errors.push(`name part ${regexError(QUALIFIED_TEXT, QUALIFIED, "MyName", "my.name", "123-abc")}`);
  return errors;
}

export function labelValueErrors(value: string): string[] {
  if (value === "") return [];
  const errors: string[] = [];
  if (byteLength(value) > 63) errors.push(maxLength(63));
  if (!QUALIFIED_RE.test(value)) {
    errors.push(
      regexError(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        `(${QUALIFIED})?`,
        "MyValue",
        "my_value",
        "12345",
      ),
    );
  }
  return errors;
}

/** RBAC names and a few others: any path segment. */
export function pathSegmentErrors(value: string): string[] {
  if (value === "." || value === "..") return [`may not be '${value}'`];
  const errors: string[] = [];
  for (const part of ["/", "%"]) if (value.includes(part)) errors.push(`may not contain '${part}'`);
  return errors;
}

/** Keys of ConfigMaps and Secrets. */
export function configKeyErrors(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > 253) errors.push(maxLength(253));
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    errors.push(
      regexError(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        "[-._a-zA-Z0-9]+",
        "key.name",
        "KEY_NAME",
        "key-name",
      ),
    );
  }
  if (value === ".") errors.push("must not be '.'");
  if (value === "..") errors.push("must not be '..'");
  else if (value.startsWith("..")) errors.push("must not start with '..'");
  return errors;
}

/** Names of environment variables: relaxed since 1.32, any printable ASCII but "=". */
export function envVarNameErrors(value: string): string[] {
  if (value === "") return [];
  return /^[ -<>-~]+$/.test(value)
    ? []
    : [regexError("a valid environment variable name must consist only of printable ASCII characters other than '='", "^[ -<>-~]+$")];
}

/** Names of ports of containers and services (IANA_SVC_NAME, RFC 6335). */
export function portNameErrors(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > 15) errors.push(maxLength(15));
  if (!/^[-a-z0-9]+$/.test(value)) errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(value)) errors.push("must contain at least one letter (a-z)");
  if (value.includes("--")) errors.push("must not contain consecutive hyphens");
  if (value.startsWith("-") || value.endsWith("-")) errors.push("must not begin or end with a hyphen");
  return errors;
}

export function portNumberErrors(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : ["must be between 1 and 65535, inclusive"];
}

/** Names of HTTP headers, as probes send them. */
export function headerNameErrors(value: string): string[] {
  if (/^[-A-Za-z0-9]+$/.test(value)) return [];
  return [regexError("a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+", "X-Header-Name")];
}

/** Objects' names with generateName: a prefix may end in "-". */
export function asPrefix(name: string, prefix: boolean): string {
  return prefix && name.endsWith("-") ? `${name.slice(0, -1)}a` : name;
}

const ENCODER = new TextEncoder();

export function byteLength(text: string): number {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return ENCODER.encode(text).length;
  return text.length;
}
