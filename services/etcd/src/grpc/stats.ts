import { CODE_NAMES } from "@flotilla/rpc/code-names.ts";

/** What is counted of one method's calls. Plain numbers, since every call adds to them. */
export class CallStats {
  readonly type: "unary" | "bidi_stream" | "server_stream";
  started = 0;
  received = 0;
  received_bytes = 0;
  sent = 0;
  sent_bytes = 0;
  /** By status code. */
  readonly handled: number[] = CODE_NAMES.map(() => 0);

  constructor(type: CallStats["type"]) {
    this.type = type;
  }

  receive(message: Uint8Array): void {
    this.received++;
    this.received_bytes += message.length;
  }

  send(framed: Uint8Array): void {
    this.sent++;
    this.sent_bytes += framed.length;
  }
}
