import type { Readable, Writable } from "node:stream";
import type { RawData, WebSocket } from "ws";

/** Channels of the remote command protocol (v4.channel.k8s.io and v5). */
export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
export const STATUS = 3;
export const RESIZE = 4;
/** v5: `[255, n]` closes channel n for writing. */
export const CLOSE = 255;

const BUFFERED_BYTES_MAX = 1024 * 1024;

export function sendFrame(ws: WebSocket, channel: number, data: Uint8Array): Promise<void> {
  if (ws.readyState !== ws.OPEN) return Promise.resolve();
  return new Promise((resolve) => {
    const full = ws.bufferedAmount > BUFFERED_BYTES_MAX;
    ws.send(Buffer.concat([Buffer.of(channel), data]), { binary: true }, () => full && resolve());
    if (!full) resolve();
  });
}

/** Copies a stream into a channel, no faster than the client reads. Resolves at its end. */
export async function pumpToChannel(source: Readable | undefined, ws: WebSocket, channel: number): Promise<void> {
  if (!source) return;
  try {
    for await (const chunk of source) await sendFrame(ws, channel, chunk as Buffer);
  } catch {
    // The stream was destroyed: the session ends in its own way.
  }
}

/** Writes a frame's data, holding the socket back while the sink is full. */
export function writeHeldBack(ws: WebSocket, sink: Writable, data: Buffer): void {
  if (sink.writableEnded || sink.destroyed) return;
  if (sink.write(data)) return;
  ws.pause();
  const resume = () => {
    sink.off("drain", resume);
    sink.off("close", resume);
    ws.resume();
  };
  sink.once("drain", resume);
  sink.once("close", resume);
}

export function frameOf(message: RawData): { channel: number; data: Buffer } | undefined {
  const bytes = Array.isArray(message) ? Buffer.concat(message) : Buffer.from(message as Buffer);
  return bytes.length === 0 ? undefined : { channel: bytes[0]!, data: bytes.subarray(1) };
}
