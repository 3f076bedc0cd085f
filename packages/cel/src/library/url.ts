/** Kubernetes' URL library: absolute URLs and absolute paths, as Go's net/url reads them. */
import { EvaluationError } from "../errors.ts";
import { fn, type Library, method } from "../functions.ts";
import { ArrayList, EntryMap, Opaque } from "../values.ts";

const NAME = "kubernetes.URL";
/** RFC 3986, appendix B, for what has a scheme; or a path alone. */
const SHAPE = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/(?:[^/?#@]*@)?([^/?#]*))?([^?#]*)|(\/[^?#]*))(?:\?([^#]*))?(?:#.*)?$/s;

class UrlValue extends Opaque {
  override readonly typeName = NAME;
  readonly text: string;
  readonly scheme: string;
  /** With the port. */
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor(text: string, [, scheme = "", host = "", path = "", bare, query = ""]: RegExpExecArray) {
    super();
    this.text = text;
    this.scheme = scheme.toLowerCase();
    this.host = host;
    this.path = bare ?? path;
    this.query = query;
  }
  override equals(other: Opaque): boolean {
    return other instanceof UrlValue && other.text === this.text;
  }
  get port(): string {
    return /:(\d*)$/.exec(this.host)?.[1] ?? "";
  }
  get hostname(): string {
    const bare = this.host.replace(/:\d*$/, "");
    return bare.startsWith("[") ? bare.slice(1, -1) : bare;
  }
}

function parsed(text: string): UrlValue | undefined {
  if (/[\x00-\x1f\x7f]/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text.split("?")[0]!)) return undefined;
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const host = match[2] ?? "";
  if (/[ <>"{}|\\^`]/.test(host) || !/^(\[[0-9a-fA-F:.%]+\]|[^:[\]]*)(:\d*)?$/.test(host)) return undefined;
  return new UrlValue(text, match);
}

export const isUrl = (text: string): boolean => parsed(text) !== undefined;

/** Escaped as Go's URL.EscapedPath would. */
const escapedPath = (path: string): string => path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]/gu, encodeURIComponent);

function queryOf(query: string): EntryMap {
  const map = new EntryMap();
  const params = new URLSearchParams(query);
  for (const name of new Set(params.keys())) map.add(name, new ArrayList(params.getAll(name)));
  return map;
}

export const URLS: Library = [
  fn("url", `string -> ${NAME}`, ([text]) => {
    const url = parsed(text);
    if (!url)
      throw new EvaluationError(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`);
    return url;
  }),
  fn("isURL", "string -> bool", ([text]) => isUrl(text)),
  method("getScheme", `${NAME} -> string`, ([url]) => url.scheme),
  method("getHost", `${NAME} -> string`, ([url]) => url.host),
  method("getHostname", `${NAME} -> string`, ([url]) => url.hostname),
  method("getPort", `${NAME} -> string`, ([url]) => url.port),
  method("getEscapedPath", `${NAME} -> string`, ([url]) => escapedPath(url.path)),
  method("getQuery", `${NAME} -> map<string, list<string>>`, ([url]) => queryOf(url.query)),
];
