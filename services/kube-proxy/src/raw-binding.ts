/**
 * libuv's TCP handles as Node's own `net` uses them. A relay needs none of what a
 * net.Socket adds, and a new connection through raw handles costs half as much.
 * `process.binding` is deprecated in the documentation alone (DEP0111); where it or
 * its shape is gone, `raw` is null and kube-proxy uses `net`.
 */
export interface Handle {
  onread: (this: Handle) => void;
  onconnection: (status: number, client: Handle) => void;
  connect(request: object, address: string, port: number): number;
  connect6(request: object, address: string, port: number): number;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, delay_seconds: number): number;
  getpeername(out: { address?: string }): number;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
  writeBuffer(request: object, data: Uint8Array): number;
  shutdown(request: object): number;
  /** Closes with RST. */
  reset(done?: () => void): number;
  close(done?: () => void): void;
}

export interface Raw {
  newSocket(): Handle;
  /** `oncomplete` gets libuv's status: 0 or a negative errno. */
  connectRequest(oncomplete: (status: number) => void): object;
  writeRequest(oncomplete: (status: number) => void): object;
  shutdownRequest(oncomplete: (status: number) => void): object;
  /** Bytes read or a negative errno; valid inside of `onread`. */
  lastRead(): number;
  /** Whether the last writeBuffer left bytes for later; valid right after it. */
  lastWriteWasAsync(): boolean;
}

export const UV_EOF = -4095;

interface TcpBinding {
  TCP: new (type: number) => Handle;
  TCPConnectWrap: new () => { oncomplete: unknown };
  constants: { SOCKET: number };
}

interface StreamBinding {
  WriteWrap: new () => { oncomplete: unknown };
  ShutdownWrap: new () => { oncomplete: unknown };
  streamBaseState: Int32Array;
  kReadBytesOrError: number;
  kLastWriteWasAsync: number;
}

function load(): Raw | null {
  try {
    const { binding } = process as unknown as { binding(name: string): unknown };
    const tcp = binding("tcp_wrap") as TcpBinding;
    const stream = binding("stream_wrap") as StreamBinding;
    const methods = ["connect", "readStart", "readStop", "useUserBuffer", "writeBuffer", "shutdown", "reset", "close"];
    const whole = methods.every((name) => name in tcp.TCP.prototype) && stream.kReadBytesOrError >= 0 && stream.kLastWriteWasAsync >= 0;
    return whole ? wrap(tcp, stream) : null;
  } catch {
    return null;
  }
}

function wrap(tcp: TcpBinding, stream: StreamBinding): Raw {
  const { streamBaseState: state, kReadBytesOrError, kLastWriteWasAsync } = stream;
  const request =
    (Wrap: new () => { oncomplete: unknown }) =>
    (oncomplete: (status: number) => void): object =>
      Object.assign(new Wrap(), { oncomplete });
  return {
    newSocket: () => new tcp.TCP(tcp.constants.SOCKET),
    connectRequest: request(tcp.TCPConnectWrap),
    writeRequest: request(stream.WriteWrap),
    shutdownRequest: request(stream.ShutdownWrap),
    lastRead: () => state[kReadBytesOrError]!,
    lastWriteWasAsync: () => state[kLastWriteWasAsync] !== 0,
  };
}

export const raw: Raw | null = load();
