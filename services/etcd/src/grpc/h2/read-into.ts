import type { Socket } from "node:net";

/**
 * Reads a socket into one buffer, again and again. Node gives every read 64 KB of
 * new memory, of which a small request leaves most unused: with a thousand
 * connections that is where a third of the process's memory and a tenth of its
 * time would go.
 *
 * It takes over what libuv's handle tells the socket, as `onread` of
 * `net.connect` does, which sockets that were accepted do not have.
 * `process.binding` is deprecated in the documentation alone (DEP0111); where it
 * or its shape is gone, and for TLS, the socket's own events are used.
 */
const SHARED_BYTES = 64 << 10;
const shared = Buffer.allocUnsafeSlow(SHARED_BYTES);

interface Handle {
  onread: () => void;
  useUserBuffer(buffer: Uint8Array): void;
}

interface StreamBinding {
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
}

const UV_EOF = -4095;
const binding = load();

/** `onData` must not keep the bytes: the next read overwrites them. */
export function readInto(socket: Socket, onData: (bytes: Buffer) => void): void {
  const handle = (socket as unknown as { _handle?: Handle | null })._handle;
  if (!binding || !handle || typeof handle.useUserBuffer !== "function" || "encrypted" in socket) {
    socket.on("data", onData);
    return;
  }
  const { streamBaseState, kReadBytesOrError } = binding;
  handle.useUserBuffer(shared);
  const before = handle.onread;
  handle.onread = function (this: Handle): void {
    const count = streamBaseState[kReadBytesOrError]!;
    if (count > 0) return onData(shared.subarray(0, count));
    // The end and errors are the socket's business.
    if (count === 0) return;
    before.call(this);
    if (count === UV_EOF) socket.resume();
  };
  // Begins to read, if it has not begun.
  socket.resume();
}

function load(): StreamBinding | undefined {
  try {
    const stream = (process as unknown as { binding(name: string): Partial<StreamBinding> }).binding("stream_wrap");
    return stream.streamBaseState && stream.kReadBytesOrError !== undefined && stream.kReadBytesOrError >= 0
      ? (stream as StreamBinding)
      : undefined;
  } catch {
    return undefined;
  }
}
