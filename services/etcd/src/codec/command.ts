import { Arena } from "./arena.ts";

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
  /** A change of users, roles and rights. */
  auth: 9,
  /** Another command and who asks for it (`auth/signed.ts`). */
  signed: 10,
  /** The leader ends a lease whose time is over: nobody asks, so nobody's rights count. */
  "lease-expire": 11,
  /** Announces a downgrade, or takes it back. */
  downgrade: 12,
} as const;
export type CommandKind = keyof typeof COMMANDS;

const NAMES = new Map<number, CommandKind>(Object.entries(COMMANDS).map(([name, n]) => [n, name as CommandKind]));

/** @throws Error when this version knows no such command. */
export function kindOf(n: number): CommandKind {
  const kind = NAMES.get(n);
  if (!kind) throw new Error(`the log holds a command of kind ${n}, which this version does not know`);
  return kind;
}

export interface Command {
  readonly kind: CommandKind;
  /** The member that proposed it; 0 for one that waits for no answer. */
  readonly origin: number;
  readonly sequence: number;
  readonly payload: Buffer;
}

/** In memory of the log's own: the entry outlives the request by far. */
const arena = new Arena();

export function encodeCommand(kind: CommandKind, origin: number, sequence: number, payload: Uint8Array): Buffer {
  const out = arena.take(COMMAND_HEADER_BYTES + payload.length);
  out[0] = COMMANDS[kind];
  out.writeDoubleLE(origin, 1);
  out.writeDoubleLE(sequence, 9);
  out.set(payload, COMMAND_HEADER_BYTES);
  return out;
}

export function decodeCommand(data: Uint8Array): Command {
  const b = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { kind: kindOf(b[0]!), origin: b.readDoubleLE(1), sequence: b.readDoubleLE(9), payload: b.subarray(COMMAND_HEADER_BYTES) };
}
