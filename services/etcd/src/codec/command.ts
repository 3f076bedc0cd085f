/**
 * What a log entry carries: which command, who proposed it, and the client's
 * request as it came in. Nothing is encoded anew on the way to disks and peers.
 *
 * Layout: kind (1 byte), origin (double), sequence (double), payload.
 */
export const COMMAND_HEADER_BYTES = 17;

/** The numbers are part of the log's format: add, never change. */
export const COMMANDS = {
  put: 1,
  delete: 2,
  txn: 3,
  compact: 4,
  "lease-grant": 5,
  "lease-revoke": 6,
  publish: 7,
  alarm: 8,
} as const;
export type CommandKind = keyof typeof COMMANDS;

const NAMES = new Map<number, CommandKind>(Object.entries(COMMANDS).map(([name, n]) => [n, name as CommandKind]));

export interface Command {
  readonly kind: CommandKind;
  /** The member that proposed it; 0 for one that waits for no answer. */
  readonly origin: number;
  readonly sequence: number;
  readonly payload: Buffer;
}

export function encodeCommand(kind: CommandKind, origin: number, sequence: number, payload: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(COMMAND_HEADER_BYTES + payload.length);
  out[0] = COMMANDS[kind];
  out.writeDoubleLE(origin, 1);
  out.writeDoubleLE(sequence, 9);
  out.set(payload, COMMAND_HEADER_BYTES);
  return out;
}

export function decodeCommand(data: Uint8Array): Command {
  const b = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const kind = NAMES.get(b[0]!);
  if (!kind) throw new Error(`the log holds a command of kind ${b[0]}, which this version does not know`);
  return { kind, origin: b.readDoubleLE(1), sequence: b.readDoubleLE(9), payload: b.subarray(COMMAND_HEADER_BYTES) };
}
