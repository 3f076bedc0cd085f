import { type Handle, type Raw, UV_EOF } from "./raw-binding.ts";

/** Per direction; small enough that thousands of idle connections cost little, large enough for bulk. */
const BUFFER_BYTES = 16_384;
/** Buffers kept for the next connections. */
const POOL_LIMIT = 512;
const pool: Uint8Array[] = [];

/**
 * Joins two connected handles: bytes and half-closes cross in both directions, a
 * reset resets the other side, and a reader waits for its slower peer.
 * Owns both handles from now on. Invariants: 1. a direction never reads while its
 * buffer is still being written. 2. each handle is closed once. 3. a buffer goes
 * back to the pool only when nothing reads into it or writes from it.
 */
export function relayRaw(raw: Raw, client: Handle, backend: Handle): void {
  const pair: Pair = { raw, directions: [], ended: 0, closed: false };
  pair.directions.push(new Direction(pair, client, backend), new Direction(pair, backend, client));
  for (const direction of pair.directions) direction.start();
}

interface Pair {
  raw: Raw;
  directions: Direction[];
  /** Directions that carried their end across. */
  ended: number;
  closed: boolean;
}

class Direction {
  readonly from: Handle;
  private buffer: Uint8Array | undefined;
  private readonly pair: Pair;
  private readonly to: Handle;
  private writing = false;
  /** Our shutdown of `to` waits for its last bytes. */
  shutting = false;
  private request: object | undefined;

  constructor(pair: Pair, from: Handle, to: Handle) {
    this.pair = pair;
    this.from = from;
    this.to = to;
    const buffer = pool.pop() ?? new Uint8Array(BUFFER_BYTES);
    this.buffer = buffer;
    from.useUserBuffer(buffer);
    from.onread = () => this.read();
  }

  start(): void {
    if (!this.pair.closed && this.from.readStart() !== 0) close(this.pair, true);
  }

  private read(): void {
    const { pair } = this;
    if (pair.closed) return;
    const count = pair.raw.lastRead();
    if (count === 0) return; // EAGAIN
    if (count < 0) {
      if (count === UV_EOF) this.end();
      else close(pair, true);
      return;
    }
    // A request whose write finished at once was never attached, so it serves again.
    const request = (this.request ??= pair.raw.writeRequest((status) => this.written(status)));
    const data = count === BUFFER_BYTES ? this.buffer! : this.buffer!.subarray(0, count);
    if (this.to.writeBuffer(request, data) !== 0) {
      close(pair, true);
    } else if (pair.raw.lastWriteWasAsync()) {
      this.request = undefined;
      this.writing = true;
      this.from.readStop();
    }
  }

  private written(status: number): void {
    this.writing = false;
    if (this.pair.closed) this.release();
    else if (status !== 0) close(this.pair, true);
    else this.start();
  }

  /** The sender is done: tell the receiver, and go on in the other direction. */
  private end(): void {
    const { pair } = this;
    this.from.readStop();
    this.shutting = true;
    const request = pair.raw.shutdownRequest(() => {
      this.shutting = false;
      pair.ended++;
      if (pair.ended === 2) close(pair, false);
    });
    if (this.to.shutdown(request) !== 0) close(pair, true);
    else this.release();
  }

  release(): void {
    if (this.writing || !this.buffer) return;
    if (pool.length < POOL_LIMIT) pool.push(this.buffer);
    this.buffer = undefined;
  }
}

function close(pair: Pair, reset: boolean): void {
  if (pair.closed) return;
  pair.closed = true;
  const [there, back] = pair.directions as [Direction, Direction];
  finish(there, back, reset);
  finish(back, there, reset);
}

/** A handle whose shutdown is under way can't be reset, and a failed reset would keep it from ever closing. */
function finish(direction: Direction, opposite: Direction, reset: boolean): void {
  direction.from.onread = ignore;
  if (reset && !opposite.shutting) direction.from.reset();
  else direction.from.close();
  direction.release();
}

/** Node insists that `onread` is a function. */
function ignore(): void {}
