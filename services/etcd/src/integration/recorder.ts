import type { KvInput, KvOutput, Operation, WatchStream } from "@flotilla/testing/linearizability/index.ts";

export type KvOperation = Operation<KvInput, KvOutput>;

export interface Mark {
  readonly at_ms: number;
  /** What was done: "kill m1 (leader)"; or noticed. */
  readonly what: string;
}

/** What happened in a run, by one clock: milliseconds since it began. */
export class Recorder {
  readonly operations: KvOperation[] = [];
  readonly streams: WatchStream[] = [];
  readonly marks: Mark[] = [];
  private readonly from = performance.now();

  now_ms(): number {
    return performance.now() - this.from;
  }

  mark(what: string): void {
    this.marks.push({ at_ms: this.now_ms(), what });
  }

  /** Runs one operation. Undefined when its outcome is unknown. */
  async operate(client: string, input: KvInput, run: () => Promise<KvOutput>): Promise<KvOutput | undefined> {
    const call = this.now_ms();
    try {
      const output = await run();
      this.operations.push({ client, call, return: this.now_ms(), input, output });
      return output;
    } catch {
      this.operations.push({ client, call, return: Number.POSITIVE_INFINITY, input, output: undefined });
      return undefined;
    }
  }
}
