import type { ServerResponse } from "node:http";
import type { KubeObject, ResourceDefinition, Status } from "@flotilla/api";
import type { EventType, WatchSink, WatchSource } from "../registry/watch.ts";
import type { Entry } from "../storage/entry.ts";
import type { Format } from "./negotiate.ts";
import { apiVersionOf, partial, tableOf } from "./render.ts";

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
}

/** Streams a watch as lines of JSON; resolves when either side has ended it. */
export function writeWatch(
  response: ServerResponse,
  def: ResourceDefinition,
  source: WatchSource,
  options: WatchWriterOptions,
): Promise<void> {
  response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-cache, private" });
  // Clients wait for the headers before they believe that the watch stands.
  response.flushHeaders();
  return new Promise((resolve) => {
    const sink = new LineSink(response, def, options);
    const stop = source.start(sink);
    response.on("error", () => {});
    response.on("close", () => {
      stop();
      resolve();
    });
  });
}

class LineSink implements WatchSink {
  private parts: Buffer[] = [];
  private headersSent = false;
  private readonly response: ServerResponse;
  private readonly def: ResourceDefinition;
  private readonly options: WatchWriterOptions;

  constructor(response: ServerResponse, def: ResourceDefinition, options: WatchWriterOptions) {
    this.response = response;
    this.def = def;
    this.options = options;
  }

  get overflowing(): boolean {
    return this.response.writableLength > UNSENT_BYTES_MAX;
  }

  event(type: EventType, entry: Entry): void {
    const { as } = this.options.format;
    this.line(
      type,
      as === "object"
        ? entry.json
        : encode(as === "table" ? this.table([entry.object]) : partial(entry.object, this.options.format.version)),
    );
  }

  bookmark(revision: number, initial: boolean): void {
    const metadata = {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(initial ? { annotations: INITIAL_EVENTS_END } : {}),
    };
    const { as, version } = this.options.format;
    if (as === "table") this.line("BOOKMARK", encode({ ...this.table([]), metadata }));
    else if (as === "object") this.line("BOOKMARK", encode({ kind: this.def.kind, apiVersion: apiVersionOf(this.def), metadata }));
    else this.line("BOOKMARK", encode({ kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata }));
  }

  error(status: Status): void {
    this.line("ERROR", encode(status));
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

const encode = (object: object): Buffer => Buffer.from(JSON.stringify(object));
