/** Links of HTML pages that are shown through a proxy: they must lead through it again (apimachinery/pkg/util/proxy/transport.go). */
import { Transform, type TransformCallback } from "node:stream";

export type RewriteLink = (link: string) => string;

/** Where HTML elements keep addresses. */
const LINKS: Record<string, readonly string[]> = {
  a: ["href"],
  applet: ["codebase"],
  area: ["href"],
  audio: ["src"],
  base: ["href"],
  blockquote: ["cite"],
  body: ["background"],
  button: ["formaction"],
  command: ["icon"],
  del: ["cite"],
  embed: ["src"],
  form: ["action"],
  frame: ["longdesc", "src"],
  head: ["profile"],
  html: ["manifest"],
  iframe: ["longdesc", "src"],
  img: ["longdesc", "src", "usemap"],
  input: ["src", "usemap", "formaction"],
  ins: ["cite"],
  link: ["href"],
  object: ["classid", "codebase", "data", "usemap"],
  q: ["cite"],
  script: ["src"],
  source: ["src"],
  video: ["poster", "src"],
};
/** Elements whose content is text, whatever it looks like. */
const RAW_TEXT = new Set(["script", "style", "textarea", "title"]);
/** A tag longer than this is passed on as it is: so much and no more waits for its end. */
const TAG_BYTES_MAX = 64 * 1024;

const TAG = /<([a-zA-Z][^\s/>]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>/y;
const ATTRIBUTE = /([^\s=>"'/]+)(\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/g;

/** "/x" as `prefix`/x, also where it is written with the host it came from; other hosts and relative links stay. */
export function linkRewriter(prefix: string, host: string): RewriteLink {
  return (link) => {
    const own = [`http://${host}/`, `https://${host}/`].find((start) => link.startsWith(start));
    const path = own ? link.slice(own.length - 1) : link;
    if (!path.startsWith("/") || path.startsWith("//") || path.startsWith(`${prefix}/`)) return link;
    return prefix + path;
  };
}

/** A stream of HTML with its links rewritten; everything else passes byte by byte. */
export class HtmlLinks extends Transform {
  readonly #rewrite: RewriteLink;
  /** As latin1, so that each character is a byte, in whatever encoding the page is. */
  #waiting = "";
  /** The element whose raw text is being passed on. */
  #rawText: string | undefined;

  constructor(rewrite: RewriteLink) {
    super();
    this.#rewrite = rewrite;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#waiting += chunk.toString("latin1");
    done(null, this.#take(false));
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#take(true));
  }

  /** What can be said of what has come; `all` when nothing more will. */
  #take(all: boolean): Buffer {
    const text = this.#waiting;
    let out = "";
    let at = 0;
    while (at < text.length) {
      const next = this.#rawText === undefined ? text.indexOf("<", at) : indexOfEnd(text, this.#rawText, at);
      if (next < 0) {
        // The end of raw text may be cut in two.
        const keep = this.#rawText === undefined || all ? text.length : Math.max(at, text.length - this.#rawText.length - 2);
        out += text.slice(at, keep);
        at = keep;
        break;
      }
      out += text.slice(at, next);
      at = next;
      this.#rawText = undefined;
      const end = this.#markupEnd(text, at);
      if (end === undefined && !all && text.length - at < TAG_BYTES_MAX) break;
      out += end?.written ?? "<";
      at = end?.at ?? at + 1;
    }
    this.#waiting = text.slice(at);
    return Buffer.from(out, "latin1");
  }

  /** The tag or comment that begins here, as it is to be written; undefined: its end has not come. */
  #markupEnd(text: string, at: number): { written: string; at: number } | undefined {
    if (text.startsWith("<!--", at)) {
      const end = text.indexOf("-->", at);
      return end < 0 ? undefined : { written: text.slice(at, end + 3), at: end + 3 };
    }
    // A tag's name may still be to come.
    if (at + 1 === text.length) return undefined;
    if (!/[a-zA-Z!-]/.test(text[at + 1]!)) return { written: "<", at: at + 1 };
    if (text[at + 1] === "!") return "<!--".startsWith(text.slice(at, at + 4)) ? undefined : { written: "<", at: at + 1 };
    TAG.lastIndex = at;
    const [whole, name = "", attributes = ""] = TAG.exec(text) ?? [];
    if (whole === undefined) return undefined;
    const element = name.toLowerCase();
    if (RAW_TEXT.has(element)) this.#rawText = element;
    const links = LINKS[element];
    return { written: links ? `<${name}${this.#attributes(attributes, links)}>` : whole, at: at + whole.length };
  }

  #attributes(text: string, links: readonly string[]): string {
    return text.replace(ATTRIBUTE, (whole, name: string, equals: string, double?: string, single?: string, bare?: string) => {
      if (!links.includes(name.toLowerCase())) return whole;
      const quote = double !== undefined ? '"' : single !== undefined ? "'" : "";
      return `${name}${equals}${quote}${this.#rewrite(double ?? single ?? bare!)}${quote}`;
    });
  }
}

function indexOfEnd(text: string, element: string, from: number): number {
  const end = new RegExp(`</${element}`, "gi");
  end.lastIndex = from;
  return end.exec(text)?.index ?? -1;
}
