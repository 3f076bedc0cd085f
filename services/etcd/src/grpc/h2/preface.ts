import { ConnectionError, ERROR, PREFACE } from "@flotilla/rpc/http2/frames.ts";

/** What a client says first, in however many pieces (RFC 9113, §3.4). */
export class Preface {
  private seen_bytes = 0;

  get complete(): boolean {
    return this.seen_bytes === PREFACE.length;
  }

  /** What of the chunk comes behind it. @throws ConnectionError when it is something else. */
  strip(chunk: Buffer): Buffer {
    const here = chunk.toString("latin1", 0, PREFACE.length - this.seen_bytes);
    if (!PREFACE.startsWith(here, this.seen_bytes)) throw new ConnectionError(ERROR.protocol, "no preface");
    this.seen_bytes += here.length;
    return chunk.subarray(here.length);
  }
}
