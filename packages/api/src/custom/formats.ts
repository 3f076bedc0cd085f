/** Formats of strings that are checked (kube-openapi's strfmt); others are taken as they are. */

const HOSTNAME = /^(?=.{1,255}$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\.?$/;
const EMAIL = /^[^\s@<>()[\],;:"]+@[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const UUID = (version: string, variant = "[0-9a-f]"): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, "i");
const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)$/;
/** Go's durations, and the words that strfmt knows besides. */
const DURATION =
  /^[+-]?(?:0|(?:\s*(?:\d+\.?\d*|\.\d+)\s*(?:ns|us|µs|μs|ms|s|m|h|d|w|nanoseconds?|micros?(?:econds?)?|millis?(?:econds?)?|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|weeks?))+)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const isRealDate = (text: string): boolean => {
  const [year, month, day] = text.split("-").map(Number);
  return day! <= new Date(Date.UTC(year!, month!, 0)).getUTCDate();
};

function isIPv6(text: string): boolean {
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(":")) return false;
  return URL.canParse(`http://[${text}]/`);
}

function isCidr(text: string): boolean {
  const [address = "", length = "", ...more] = text.split("/");
  const max = IPV4.test(address) ? 32 : isIPv6(address) ? 128 : -1;
  return more.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= max;
}

const CHECKS: Record<string, (text: string) => boolean> = {
  bsonobjectid: (text) => /^[0-9a-fA-F]{24}$/.test(text),
  uri: (text) => /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:|\/)/.test(text) && !/[\s<>"{}|\\^`]/.test(text),
  email: (text) => EMAIL.test(text),
  hostname: (text) => HOSTNAME.test(text),
  ipv4: (text) => IPV4.test(text),
  ipv6: isIPv6,
  cidr: isCidr,
  mac: (text) => /^(?:[0-9a-fA-F]{2}([:-]))(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}$/.test(text),
  uuid: (text) => UUID("[0-9a-f]").test(text),
  uuid3: (text) => UUID("3").test(text),
  uuid4: (text) => UUID("4", "[89ab]").test(text),
  uuid5: (text) => UUID("5", "[89ab]").test(text),
  byte: (text) => BASE64.test(text),
  creditcard: (text) => /^\d{13,19}$/.test(text.replace(/[ -]/g, "")),
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: (text) => /^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  rgbcolor: (text) =>
    /^rgb\(\s*(?:0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*(?:,\s*(?:0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*){2}\)$/.test(text),
  date: (text) => DATE.test(text) && isRealDate(text),
  "date-time": (text) => DATE_TIME.test(text) && isRealDate(text.slice(0, 10)),
  datetime: (text) => DATE_TIME.test(text) && isRealDate(text.slice(0, 10)),
  duration: (text) => DURATION.test(text),
};

export const hasFormat = (format: string, text: string): boolean => !Object.hasOwn(CHECKS, format) || CHECKS[format]!(text);
