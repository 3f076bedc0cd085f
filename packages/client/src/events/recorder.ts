import { type Event, Events, isApiError, isNotFound, type KubeObject } from "@flotilla/api";
import { type Clock, type Logger, rfc3339, sleep } from "@flotilla/base";
import type { ApiClient } from "../client.ts";
import { EventCorrelator } from "./correlator.ts";

export interface RecorderPorts {
  client: ApiClient;
  clock: Clock;
  log: Logger;
}

/** What an Event is about. An object read through the client has all of it; fieldPath names a container. */
export interface ObjectReference {
  apiVersion?: string;
  kind?: string;
  name?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  fieldPath?: string;
}

export interface EventRecorder {
  /** Never waits, never fails: events are told to people, nothing depends on them. */
  event(object: KubeObject | ObjectReference | { metadata: object }, type: "Normal" | "Warning", reason: string, message: string): void;
  /** Resolves when everything recorded so far was sent or given up. */
  flush(): Promise<void>;
}

const QUEUE_MAX = 1_000;
const TRIES = 12;
const RETRY_MS = 1_000;
const MESSAGE_CHARS_MAX = 1_024;

interface Pending {
  reference: ObjectReference;
  type: string;
  reason: string;
  message: string;
  at_ms: number;
}

/**
 * Records core/v1 Events, in order, from a bounded queue; repeats become a count.
 * `source` is the component's name, and its host where it runs on one node.
 */
export function createEventRecorder(ports: RecorderPorts, source: { component: string; host?: string }): EventRecorder {
  const { client, clock, log } = ports;
  const correlator = new EventCorrelator();
  const queue: Pending[] = [];
  let sending: Promise<void> | undefined;
  let serial = 0;

  const drain = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await send(next);
    sending = undefined;
  };

  const send = async (pending: Pending) => {
    const object = referenceKey(pending.reference);
    const found = correlator.correlate({ ...pending, object }, pending.at_ms);
    if (found.kind === "drop") return;
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      try {
        const known = found.kind === "again" ? found.known : undefined;
        const written = known ? await again(known, pending) : undefined;
        const message = found.kind === "new" ? found.message : pending.message;
        correlator.wrote(found.key, written ?? (await client.create(Events, newEvent({ ...pending, message }))));
        return;
      } catch (error) {
        // The server answered: asking again would not change its mind (a namespace that is going away, for instance).
        if (isApiError(error) && error.code < 500 && error.reason !== "TooManyRequests") {
          log.debug("event rejected", { reason: pending.reason, why: error.message });
          return;
        }
        await sleep(clock, RETRY_MS);
      }
    }
    log.warn("event given up", { reason: pending.reason });
  };

  /** Undefined when the old event has expired meanwhile. */
  const again = async (known: Event, pending: Pending): Promise<Event | undefined> => {
    const body = { count: (known.count ?? 1) + 1, lastTimestamp: rfc3339(pending.at_ms), message: pending.message };
    const message = known.message?.startsWith("(combined") ? `(combined from similar events): ${pending.message}` : pending.message;
    try {
      const { namespace } = known.metadata;
      return await client.patch(Events, known.metadata.name!, { type: "strategic", body: { ...body, message } }, { namespace });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  const newEvent = ({ reference, type, reason, message, at_ms }: Pending): Event => {
    const namespace = reference.namespace || "default";
    // Upstream names them by nanoseconds; ours adds a serial number to the milliseconds.
    const suffix = (BigInt(Math.floor(at_ms)) * 1_000_000n + BigInt(serial++ % 1_000_000)).toString(16);
    return {
      metadata: { name: `${reference.name}.${suffix}`, namespace },
      involvedObject: reference,
      type,
      reason,
      message,
      source,
      count: 1,
      firstTimestamp: rfc3339(at_ms),
      lastTimestamp: rfc3339(at_ms),
      reportingComponent: source.component,
      reportingInstance: source.host ?? "",
    };
  };

  return {
    event(object, type, reason, message) {
      if (queue.length >= QUEUE_MAX) return log.warn("event queue full, dropped", { reason });
      queue.push({ reference: referenceTo(object), type, reason, message: message.slice(0, MESSAGE_CHARS_MAX), at_ms: clock.now() });
      sending ??= Promise.resolve().then(drain);
    },
    flush: () => sending ?? Promise.resolve(),
  };
}

/** core/v1 ObjectReference to an object, as ref.GetReference makes it. */
export function referenceTo(object: KubeObject | ObjectReference | { metadata: object }): ObjectReference {
  const { metadata, apiVersion, kind } = object as KubeObject;
  if (!metadata) return object as ObjectReference;
  const { name, namespace, uid, resourceVersion } = metadata;
  return { kind, namespace, name, uid, apiVersion, resourceVersion };
}

function referenceKey(r: ObjectReference): string {
  return [r.kind, r.namespace, r.name, r.uid, r.fieldPath].join(" ");
}
