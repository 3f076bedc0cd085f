/**
 * Makes reads from the cache linearizable: a read is served when the cache holds
 * everything that was written before the read began. Reads that arrive while a
 * question to the store is on its way share the next one, so a busy server asks
 * once per round trip, however many read (the idea of Raft's ReadIndex).
 */
export class ReadIndex {
  private readonly ask: () => Promise<void>;
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  /** `ask` learns the store's revision and waits until the cache has reached it. */
  constructor(ask: () => Promise<void>) {
    this.ask = ask;
  }

  /** Rejects with what `ask` rejects with. */
  fresh(): Promise<void> {
    if (!this.running) return this.begin();
    this.next ??= this.running.then(
      () => this.begin(),
      () => this.begin(),
    );
    return this.next;
  }

  private begin(): Promise<void> {
    this.next = undefined;
    const running = this.ask().finally(() => {
      if (this.running === running) this.running = undefined;
    });
    this.running = running;
    return running;
  }
}
