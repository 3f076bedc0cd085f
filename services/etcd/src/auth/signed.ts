import { COMMANDS, type CommandKind, kindOf } from "../codec/command.ts";
import type { AuthInfo } from "./types.ts";

/**
 * A command with the name of who asked for it. Rights are checked when it is
 * applied, against the rights of that moment: what was withdrawn earlier in the
 * log counts as withdrawn.
 *
 * Layout: kind (1 byte), auth revision (double), length of the name (u16), the name, payload.
 */
const HEADER_BYTES = 11;

export interface Signed {
  readonly kind: CommandKind;
  readonly who: AuthInfo;
  readonly payload: Buffer;
}

export function sign(who: AuthInfo, kind: CommandKind, payload: Uint8Array): Buffer {
  const user = Buffer.from(who.user, "utf8");
  const out = Buffer.allocUnsafe(HEADER_BYTES + user.length + payload.length);
  out[0] = COMMANDS[kind];
  out.writeDoubleLE(who.revision, 1);
  out.writeUInt16LE(user.length, 9);
  out.set(user, HEADER_BYTES);
  out.set(payload, HEADER_BYTES + user.length);
  return out;
}

export function readSigned(bytes: Buffer): Signed {
  const kind = kindOf(bytes[0]!);
  const end = HEADER_BYTES + bytes.readUInt16LE(9);
  const user = bytes.toString("utf8", HEADER_BYTES, end);
  return { kind, who: { user, revision: bytes.readDoubleLE(1) }, payload: bytes.subarray(end) };
}
