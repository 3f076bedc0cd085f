import type { WatchResponse, WatchStream } from "@flotilla/testing/linearizability/index.ts";
import { StoreClient } from "../testing/client.ts";
import { watch } from "../testing/kv-client.ts";
import type { Recorder } from "./recorder.ts";
import { PREFIX, within } from "./workload.ts";

const RETRY_MS = 50;
const OPEN_MS_MAX = 2000;
/** A stream that shows nothing for so long may hang on a member that was stopped or cut off: it is opened elsewhere. */
const SILENT_MS_MAX = 3000;

/** Watches everything from the first revision on, going on where the last stream ended; each stream is recorded by itself. */
export class Watcher {
  private readonly name: string;
  private readonly urls: readonly string[];
  private readonly recorder: Recorder;
  private next = 1;
  private at: number;
  private stopped = false;
  /** The newest revision that was shown. */
  shown = 0;

  constructor(name: string, urls: readonly string[], first: number, recorder: Recorder) {
    this.name = name;
    this.urls = urls;
    this.at = first;
    this.recorder = recorder;
  }

  async run(): Promise<void> {
    for (let n = 0; !this.stopped; n++) {
      const client = new StoreClient(this.urls[this.at % this.urls.length]!);
      await this.once(client, n).catch(() => {});
      client.close();
      if (this.stopped) return;
      this.at++;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Resolves when everything up to `revision` was shown, or the time is over: then the check will say what is missing. */
  async reach(revision: number, limit_ms: number): Promise<void> {
    const until = performance.now() + limit_ms;
    while (this.shown < revision && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
    this.stopped = true;
    const mine = this.recorder.streams.filter((s) => s.name.startsWith(`${this.name}/`));
    Object.assign(mine.at(-1)!, { until: revision } satisfies Partial<WatchStream>);
  }

  private async once(client: StoreClient, n: number): Promise<void> {
    const responses: WatchResponse[] = [];
    const range = { key: PREFIX, end: `${PREFIX}\xff`, start: this.next };
    this.recorder.streams.push({ name: `${this.name}/${n}`, ...range, responses });
    const live = { heard_ms: performance.now(), over: false };
    const onResponse = (response: WatchResponse) => {
      if (live.over) return;
      live.heard_ms = performance.now();
      responses.push(response);
      const last = response.events.at(-1)?.mod;
      if (last === undefined) return;
      this.shown = Math.max(this.shown, last);
      this.next = last + 1;
    };
    try {
      const stream = await within(watch(client, range, onResponse), OPEN_MS_MAX);
      void stream.ended.then(() => {
        live.over = true;
      });
      while (!live.over && !this.stopped && performance.now() - live.heard_ms < SILENT_MS_MAX) {
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    } finally {
      live.over = true;
    }
  }
}
