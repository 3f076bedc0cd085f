import { type KubeObject, PROTOBUF_MEDIA_TYPE, type ResourceDefinition, type Status, watchFrame } from "@flotilla/api";
import type { EventType, WatchSink, WatchSource } from "../registry/watch.ts";
import type { StreamResponse } from "../request/call.ts";
import type { Entry } from "../storage/entry.ts";
import type { Format } from "./negotiate.ts";
import { apiVersionOf, partial, protobufOf, tableOf } from "./render.ts";

/** A client that has this much unread is cut off; it comes back from its last version. */
const UNSENT_BYTES_MAX = 16 * 1024 * 1024;
const OPEN: Record<string, Buffer> = Object.fromEntries(
  ["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"].map((type) => [type, Buffer.from(`{"type":"${type}","object":`)]),
);
const CLOSE = Buffer.from("}\n");
const INITIAL_EVENTS_END = { "k8s.io/initial-events-end": "true" };

export interface WatchWriterOptions {
  format: Format;
  includeObject: string | null;
  now: () => number;
  headers?: Record<string, string | string[]>;
}

/**
 * Streams a watch, as lines of JSON or as frames of protobuf; resolves when either side has ended it.
 * While it stands, `open` has the call that ends it in order.
 */
export function writeWatch(
  response: StreamResponse,
  def: ResourceDefinition,
  source: WatchSource,
  options: WatchWriterOptions,
  open: Set<() => void>,
): Promise<void> {
  const { media } = options.format;
  const contentType = media === "protobuf" ? `${PROTOBUF_MEDIA_TYPE};stream=watch` : "application/json";
  response.writeHead(200, { "Content-Type": contentType, "Cache-Control": "no-cache, private", ...options.headers });
  // Clients wait for the headers before they believe that the watch stands.
  response.flushHeaders();
  return new Promise((resolve) => {
    const sink = new ResponseSink(response, def, options);
    const stop = source.start(sink);
    const end = () => {
      stop();
      sink.end();
    };
    open.add(end);
    response.on("error", () => {});
    response.on("close", () => {
      open.delete(end);
      stop();
      resolve();
    });
  });
}

class ResponseSink implements WatchSink {
  private parts: Buffer[] = [];
  private headersSent = false;
  private readonly response: StreamResponse;
  private readonly def: ResourceDefinition;
  private readonly options: WatchWriterOptions;

  constructor(response: StreamResponse, def: ResourceDefinition, options: WatchWriterOptions) {
    this.response = response;
    this.def = def;
    this.options = options;
  }

  get overflowing(): boolean {
    return this.response.writableLength > UNSENT_BYTES_MAX;
  }

  event(type: EventType, entry: Entry): void {
    const { as, media, version } = this.options.format;
    if (as === "table") this.send(type, this.table([entry.object]));
    else if (as !== "object") this.send(type, partial(entry.object, version));
    else if (media === "protobuf") this.parts.push(entry.variant(`watch ${type}`, () => frame(type, entry.object)));
    else this.line(type, entry.json);
  }

  bookmark(revision: number, initial: boolean): void {
    const metadata = {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(initial ? { annotations: INITIAL_EVENTS_END } : {}),
    };
    const { as, version } = this.options.format;
    if (as === "table") this.send("BOOKMARK", { ...this.table([]), metadata });
    else if (as === "object") this.send("BOOKMARK", { kind: this.def.kind, apiVersion: apiVersionOf(this.def), metadata });
    else this.send("BOOKMARK", { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata });
  }

  error(status: Status): void {
    this.send("ERROR", status);
    this.flush();
  }

  flush(): void {
    if (this.parts.length === 0 || this.response.destroyed) return;
    const batch = Buffer.concat(this.parts);
    this.parts = [];
    this.response.write(batch);
  }

  end(): void {
    this.flush();
    this.response.end();
  }

  private send(type: string, object: object): void {
    if (this.options.format.media === "protobuf") this.parts.push(frame(type, object));
    else this.line(type, Buffer.from(JSON.stringify(object)));
  }

  private line(type: string, object: Buffer): void {
    this.parts.push(OPEN[type]!, object, CLOSE);
  }

  private table(objects: KubeObject[]): object {
    const { format, includeObject, now } = this.options;
    const table = tableOf(this.def, objects, { format, includeObject, now_ms: now() }, undefined, this.headersSent);
    this.headersSent = true;
    return table;
  }
}

const frame = (type: string, object: object): Buffer => Buffer.from(watchFrame(type, protobufOf(object)));
