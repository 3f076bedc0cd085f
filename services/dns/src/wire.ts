import packet from "dns-packet";
import { encodeMessage, questionBytes } from "./encode.ts";
import type { Answer, Question, Rcode } from "./records.ts";

/** What we take in one datagram and tell clients so: fits one Ethernet frame without fragments (DNS flag day 2020). */
export const EDNS_SIZE_BYTES = 1232;
const PLAIN_SIZE_BYTES = 512; // RFC 1035
const REPLY_FLAG = 0x8000;
const RCODES: { [code in Rcode]: number } = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };

export interface Query {
  id: number;
  question: Question;
  /** The question's own bytes. */
  raw: Buffer;
  recursionDesired: boolean;
  /** The client's datagram limit in bytes; undefined without EDNS. */
  ednsSize_bytes?: number;
  opcode: number;
}

/** Undefined when it is no query that could be answered at all; the id still may be for FORMERR. */
export function decodeQuery(data: Buffer): Query | { malformed: number } | undefined {
  if (data.length < 12 || (data[2]! & 0x80) !== 0) return undefined; // too short, or a reply
  const id = data.readUInt16BE(0);
  try {
    const message = packet.decode(data);
    const question = message.questions?.[0];
    const raw = questionBytes(data);
    if (!question || !raw || message.questions!.length !== 1) return { malformed: id };
    const opt = message.additionals?.find((a) => a.type === "OPT") as { udpPayloadSize?: number } | undefined;
    return {
      id,
      question: question as Question,
      raw,
      recursionDesired: (data[2]! & 1) === 1,
      opcode: (data[2]! >> 3) & 15,
      ...(opt ? { ednsSize_bytes: Math.max(PLAIN_SIZE_BYTES, opt.udpPayloadSize ?? 0) } : {}),
    };
  } catch {
    return { malformed: id };
  }
}

/** The reply, cut to `limit_bytes` with TC set where it does not fit (RFC 2181 section 9). */
export function encodeReply(query: Query, answer: Answer, limit_bytes: number): Buffer {
  const parts = { answers: answer.answers, authorities: answer.authorities, additionals: answer.additionals };
  const whole = encode(query, answer, parts, false);
  if (whole.length <= limit_bytes) return whole;
  const bare = encode(query, answer, { ...parts, additionals: [] }, false);
  if (bare.length <= limit_bytes) return bare; // glue left out is no truncation
  let keep = parts.answers.length;
  let cut = bare;
  while (cut.length > limit_bytes && keep > 0) {
    keep--;
    cut = encode(query, answer, { answers: parts.answers.slice(0, keep), authorities: [], additionals: [] }, true);
  }
  return cut;
}

export function replyLimit(query: Query, transport: "udp" | "tcp"): number {
  if (transport === "tcp") return 65_535;
  return Math.min(query.ednsSize_bytes ?? PLAIN_SIZE_BYTES, 4_096);
}

export function encodeError(id: number, rcode: Rcode, query?: Query): Buffer {
  const empty: Answer = { rcode, authoritative: false, answers: [], authorities: [], additionals: [] };
  if (query) return encodeReply(query, empty, PLAIN_SIZE_BYTES);
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(REPLY_FLAG | RCODES[rcode], 2);
  return header;
}

function encode(query: Query, answer: Answer, parts: Pick<Answer, "answers" | "authorities" | "additionals">, truncated: boolean): Buffer {
  const flags =
    (answer.authoritative ? 1 << 10 : 0) |
    (truncated ? 1 << 9 : 0) |
    (query.recursionDesired ? 1 << 8 : 0) |
    (1 << 7) |
    RCODES[answer.rcode];
  return encodeMessage({
    id: query.id,
    flags: REPLY_FLAG | (query.opcode << 11) | flags,
    question: query.raw,
    sections: [parts.answers, parts.authorities, parts.additionals],
    ednsSize_bytes: query.ednsSize_bytes === undefined ? undefined : EDNS_SIZE_BYTES,
  });
}
