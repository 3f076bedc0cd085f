/**
 * Configurations a search has been in: which operations had taken effect, and
 * what state that left (Lowe, "Testing for linearizability", §3: the same
 * configuration need not be tried twice).
 *
 * A set of operations is written down from its first gap on: everything before
 * has taken effect, nothing behind has, so that a key is as long as operations
 * are concurrent and not as long as the history.
 */
export class OperationSet {
  private readonly words: Uint32Array;
  /** Every word before this one is full. */
  private low = 0;
  /** No word from this one on has a bit. */
  private high = 0;

  constructor(size: number) {
    this.words = new Uint32Array((size >>> 5) + 1);
  }

  has(i: number): boolean {
    return (this.words[i >>> 5]! & (1 << (i & 31))) !== 0;
  }

  add(i: number): void {
    const word = i >>> 5;
    this.words[word] = this.words[word]! | (1 << (i & 31));
    if (word >= this.high) this.high = word + 1;
    while (this.words[this.low] === FULL) this.low++;
  }

  remove(i: number): void {
    const word = i >>> 5;
    this.words[word] = this.words[word]! & ~(1 << (i & 31));
    if (word < this.low) this.low = word;
    while (this.high > 0 && this.words[this.high - 1] === 0) this.high--;
  }

  get key(): string {
    let key = `${this.low}`;
    for (let i = this.low; i < this.high; i++) key += `:${this.words[i]!.toString(36)}`;
    return key;
  }
}

const FULL = 0xffffffff;
