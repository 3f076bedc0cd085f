import WebSocket from "ws";

/** Channels of upstream's remote command protocol. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
/** Beyond this the sender waits. */
const BUFFERED_BYTES_MAX = 1024 * 1024;

/** Opens a runtime's streaming URL. @throws Error when the runtime refuses. */
export function openStream(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^http/, "ws"), PROTOCOLS, { perMessageDeflate: false, rejectUnauthorized: false });
    // Frames sent right after the handshake must not be lost before anyone listens.
    socket.once("open", () => {
      socket.pause();
      resolve(socket);
    });
    socket.on("error", reject); // for good: an error nobody hears would end the process
    socket.once("unexpected-response", (_request, response) => reject(new Error(`runtime answered ${response.statusCode}`)));
  });
}

/** Sends one frame; calls `hold` and later `go` when the socket cannot keep up. */
export function sendFrame(socket: WebSocket, channel: number, data: Uint8Array, hold: () => void, go: () => void): void {
  if (socket.readyState !== WebSocket.OPEN) return;
  const full = socket.bufferedAmount > BUFFERED_BYTES_MAX;
  if (full) hold();
  socket.send(Buffer.concat([Buffer.of(channel), data]), () => full && go());
}

/** Says that a channel ends: only v5 can. */
export function closeChannel(socket: WebSocket, channel: number): void {
  if (socket.readyState === WebSocket.OPEN && socket.protocol === PROTOCOLS[0]) socket.send(Buffer.of(CHANNEL.close, channel));
}

export function frame(data: WebSocket.RawData): { channel: number; body: Buffer } {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  return { channel: bytes[0] ?? CHANNEL.error, body: bytes.subarray(1) };
}
