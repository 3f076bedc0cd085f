import type { ResourceDefinition, Status } from "@flotilla/api";
import type { WatchEvent, WatchReply, WatchRequest } from "@flotilla/rpc/gen/flotilla/api/v1/api.ts";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { apiVersionOf } from "../http/render.ts";
import type { WatchSink, WatchSource } from "../registry/watch.ts";

/** Messages a slow client may leave unread before it is cut off. */
const UNSENT_MESSAGES_MAX = 2_000;
/** Events of one message: many share one frame, but none grows without bound. */
const EVENTS_MAX = 500;

/** Streams a watch; what one change of the store brings goes out as one message. */
export function writeWatch(
  grpc: ServerWritableStream<WatchRequest, WatchReply>,
  def: ResourceDefinition,
  source: WatchSource,
  done: () => void,
): void {
  let events: WatchEvent[] = [];
  let unsent = 0;
  let ended = false;
  const flush = () => {
    if (events.length === 0 || ended) return;
    const batch = events;
    events = [];
    unsent++;
    grpc.write({ events: batch }, () => unsent--);
  };
  const push = (type: string, object: Buffer) => {
    events.push({ type, object });
    if (events.length >= EVENTS_MAX) flush();
  };
  const sink: WatchSink = {
    event: (type, entry) => push(type, entry.json),
    bookmark(revision, initial) {
      const annotations = initial ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
      push(
        "BOOKMARK",
        encode({ kind: def.kind, apiVersion: apiVersionOf(def), metadata: { resourceVersion: String(revision), ...annotations } }),
      );
    },
    error: (status: Status) => push("ERROR", encode(status)),
    flush,
    end() {
      flush();
      ended = true;
      grpc.end();
    },
    get overflowing() {
      return unsent > UNSENT_MESSAGES_MAX;
    },
  };
  grpc.on("error", () => {});
  const stop = source.start(sink);
  grpc.on("cancelled", () => {
    ended = true;
    stop();
  });
  grpc.on("close", () => {
    stop();
    done();
  });
}

const encode = (object: object): Buffer => Buffer.from(JSON.stringify(object));
