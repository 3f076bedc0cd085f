import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import { SPDY_DICTIONARY } from "./spdy-dictionary.ts";

/** A block of request headers is a handful of short words; more is an attack. */
const HEADER_BYTES_MAX = 64 * 1024;

/** One direction's header blocks share one zlib stream, so blocks must be handled one after the other. */
export class HeaderDecoder {
  private readonly inflate: Inflate = createInflate({ dictionary: SPDY_DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH });
  private chunks: Buffer[] = [];
  private size = 0;
  private failed: Error | undefined;

  constructor() {
    this.inflate.on("data", (chunk: Buffer) => {
      this.size += chunk.length;
      if (this.size <= HEADER_BYTES_MAX) this.chunks.push(chunk);
      else this.inflate.destroy(new Error("header block too large"));
    });
    this.inflate.on("error", (error) => (this.failed = error));
  }

  /** @throws Error when the block is malformed. */
  async decode(block: Buffer): Promise<Map<string, string>> {
    if (this.failed) throw this.failed;
    this.chunks = [];
    this.size = 0;
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error) => reject(error);
      this.inflate.once("error", fail);
      this.inflate.write(block, () =>
        this.inflate.flush(constants.Z_SYNC_FLUSH, () => {
          this.inflate.off("error", fail);
          resolve();
        }),
      );
    });
    if (this.failed) throw this.failed;
    return parseHeaders(Buffer.concat(this.chunks));
  }

  close(): void {
    this.inflate.destroy();
  }
}

export class HeaderEncoder {
  private readonly deflate: Deflate = createDeflate({ dictionary: SPDY_DICTIONARY });
  private chunks: Buffer[] = [];

  constructor() {
    this.deflate.on("data", (chunk: Buffer) => this.chunks.push(chunk));
    this.deflate.on("error", () => {});
  }

  async encode(headers: ReadonlyMap<string, string>): Promise<Buffer> {
    this.chunks = [];
    await new Promise<void>((resolve) => {
      this.deflate.write(serializeHeaders(headers), () => this.deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    });
    return Buffer.concat(this.chunks);
  }

  close(): void {
    this.deflate.destroy();
  }
}

export function parseHeaders(block: Buffer): Map<string, string> {
  const headers = new Map<string, string>();
  let at = 0;
  const number = () => {
    if (at + 4 > block.length) throw new Error("header block ends early");
    const value = block.readUInt32BE(at);
    at += 4;
    return value;
  };
  const text = () => {
    const length = number();
    if (at + length > block.length) throw new Error("header block ends early");
    const value = block.toString("latin1", at, at + length);
    at += length;
    return value;
  };
  for (let left = number(); left > 0; left--) headers.set(text().toLowerCase(), text());
  return headers;
}

export function serializeHeaders(headers: ReadonlyMap<string, string>): Buffer {
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const parts = [number(headers.size)];
  for (const word of [...headers].flat()) parts.push(number(word.length), Buffer.from(word, "latin1"));
  return Buffer.concat(parts);
}
