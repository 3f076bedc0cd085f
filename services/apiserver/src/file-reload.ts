import { readFile } from "node:fs/promises";
import type { Clock, Timer } from "@flotilla/base";

/** How soon a change is seen. */
const PERIOD_MS = 1_000;

export interface FileUser {
  /** The files' texts, in the order of their paths. @throws Error when they cannot be used: those before stay. */
  use(texts: readonly string[]): void;
  /** Why a change has no effect, said once: a file cannot be read, or `use` has thrown. */
  refused(message: string): void;
}

/** Takes changed files without a restart. */
export class FileReload {
  private readonly clock: Clock;
  private readonly paths: readonly string[];
  private readonly user: FileUser;
  private readonly read: (path: string) => Promise<string>;
  private used: readonly string[];
  /** What was read last, of use or not: the same is not tried twice. */
  private seen: readonly string[];
  private complaint: string | undefined;
  private timer: Timer | undefined;

  /** `texts`: what is in use from the start. */
  constructor(clock: Clock, paths: readonly string[], texts: readonly string[], user: FileUser, read = readText) {
    this.clock = clock;
    this.paths = paths;
    this.user = user;
    this.read = read;
    this.used = texts;
    this.seen = texts;
  }

  start(): void {
    this.timer = this.clock.setInterval(() => void this.check(), PERIOD_MS);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private async check(): Promise<void> {
    try {
      const texts = await Promise.all(this.paths.map(this.read));
      this.complaint = undefined;
      if (same(texts, this.seen)) return;
      this.seen = texts;
      if (!same(texts, this.used)) this.user.use(texts);
      this.used = texts;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.complaint) this.user.refused(message);
      this.complaint = message;
    }
  }
}

const readText = (path: string): Promise<string> => readFile(path, "utf8");

const same = (a: readonly string[], b: readonly string[]): boolean => a.every((text, i) => text === b[i]);
