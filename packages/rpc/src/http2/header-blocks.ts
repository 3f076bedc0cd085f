import { ConnectionError, ERROR, FLAG, FRAME } from "./frames.ts";
import { headersPart } from "./payloads.ts";

/** The block is only there during the call. `flags` are those of its HEADERS frame. */
export type OnBlock = (stream: number, flags: number, block: Buffer) => void;

/**
 * Puts header blocks together (RFC 9113, §4.3): HEADERS, and CONTINUATIONs behind it until one says END_HEADERS.
 *  1. between them nothing else comes, on no stream (§6.10)
 *  2. what waits for its end is bounded; empty parts count as well
 */
export class HeaderBlocks {
  private readonly block_bytes_max: number;
  private readonly onBlock: OnBlock;
  private open: { stream: number; flags: number; parts: Buffer[]; bytes: number } | undefined;

  constructor(block_bytes_max: number, onBlock: OnBlock) {
    this.block_bytes_max = block_bytes_max;
    this.onBlock = onBlock;
  }

  /** For every frame, before anything is done with it. @throws ConnectionError when it interrupts a block. */
  check(type: number, stream: number): void {
    if (this.open && (type !== FRAME.continuation || stream !== this.open.stream)) {
      throw new ConnectionError(ERROR.protocol, "a header block was interrupted");
    }
  }

  /** A HEADERS frame. @throws ConnectionError */
  begin(flags: number, stream: number, payload: Buffer): void {
    const part = headersPart(flags, payload);
    this.bound(part.length);
    if (flags & FLAG.endHeaders) this.onBlock(stream, flags, part);
    else this.open = { stream, flags, parts: [Buffer.from(part)], bytes: part.length };
  }

  /** A CONTINUATION frame. @throws ConnectionError */
  continue(flags: number, payload: Buffer): void {
    const { open } = this;
    if (!open) throw new ConnectionError(ERROR.protocol, "CONTINUATION of nothing");
    open.bytes += payload.length + 1;
    this.bound(open.bytes);
    open.parts.push(Buffer.from(payload));
    if (!(flags & FLAG.endHeaders)) return;
    this.open = undefined;
    this.onBlock(open.stream, open.flags, Buffer.concat(open.parts));
  }

  private bound(bytes: number): void {
    if (bytes > this.block_bytes_max) throw new ConnectionError(ERROR.calm, "header block too large");
  }
}
