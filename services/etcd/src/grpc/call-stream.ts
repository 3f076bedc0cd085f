import type { IncomingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";

/** The connection that a call came on; the same object for all of its calls. */
export interface Session {
  readonly socket: Socket;
  readonly destroyed: boolean;
}

export interface CallStatus {
  readonly code: string;
  readonly message: string;
}

/**
 * What a gRPC server needs of a call's stream: real HTTP/2 (`h2/stream.ts`), or a
 * simulated network. Calls on a stream that is closed do nothing.
 */
export interface CallStream {
  readonly headers: IncomingHttpHeaders;
  readonly session: Session;
  /** Nothing comes or goes any more. */
  readonly closed: boolean;
  /** The response headers were sent. */
  readonly opened: boolean;
  /** The answer is complete, though perhaps still on its way. */
  readonly ended: boolean;
  /** More should not be written now; `onDrain` says when again. */
  readonly full: boolean;
  /** The chunk is the connection's: it changes after the call. */
  onData: (chunk: Buffer) => void;
  /** The client has sent everything. */
  onEnd: () => void;
  onClose: () => void;
  onDrain: () => void;
  open(): void;
  write(data: Buffer): void;
  /** Without a status: it went well. */
  end(status?: CallStatus): void;
  /** Headers, this, and a good end. */
  answer(data: Buffer): void;
  /** An error and nothing else. */
  refuse(status: CallStatus): void;
}
