import type { Record } from "./records.ts";

/** Numbers of the types we answer with (IANA DNS parameters). */
const TYPES: { [type in Record["type"]]: number } = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 };
const CLASS_IN = 1;
const POINTER_LIMIT = 0x4000;

export interface Message {
  id: number;
  flags: number;
  /** The question as it came, byte for byte: some clients compare its letters' case. */
  question: Buffer;
  sections: [answers: readonly Record[], authorities: readonly Record[], additionals: readonly Record[]];
  /** An OPT record with this payload size, where the client sent one. */
  ednsSize_bytes: number | undefined;
}

/** A whole message; names are compressed (RFC 1035 section 4.1.4), so that answers fit their datagrams. */
export function encodeMessage(message: Message): Buffer {
  const writer = new Writer();
  const { sections, ednsSize_bytes } = message;
  writer.u16(message.id);
  writer.u16(message.flags);
  writer.u16(1);
  writer.u16(sections[0].length);
  writer.u16(sections[1].length);
  writer.u16(sections[2].length + (ednsSize_bytes === undefined ? 0 : 1));
  writer.question(message.question);
  for (const section of sections) for (const record of section) writer.record(record);
  if (ednsSize_bytes !== undefined) {
    writer.bytes([0, 0, 41]); // root name, OPT
    writer.u16(ednsSize_bytes);
    writer.bytes([0, 0, 0, 0, 0, 0]);
  }
  return writer.done();
}

class Writer {
  private buffer = Buffer.allocUnsafe(1024);
  private at = 0;
  /** Where each name written so far begins, by its text. */
  private readonly names = new Map<string, number>();

  done(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  bytes(data: ArrayLike<number>): void {
    this.room(data.length);
    this.buffer.set(data, this.at);
    this.at += data.length;
  }

  u16(value: number): void {
    this.room(2);
    this.at = this.buffer.writeUInt16BE(value, this.at);
  }

  u32(value: number): void {
    this.room(4);
    this.at = this.buffer.writeUInt32BE(value >>> 0, this.at);
  }

  /** Copies the question; later names may point into it. */
  question(data: Buffer): void {
    let offset = 0;
    const labels: [label: string, at: number][] = [];
    for (let size = data[0]!; size > 0; size = data[offset]!) {
      labels.push([data.toString("latin1", offset + 1, offset + 1 + size), this.at + offset]);
      offset += size + 1;
    }
    labels.forEach(([, at], i) => {
      this.names.set(
        labels
          .slice(i)
          .map(([label]) => label)
          .join("."),
        at,
      );
    });
    this.bytes(data);
  }

  name(name: string, compress = true): void {
    let rest = name.replace(/\.$/, "");
    while (rest !== "") {
      const known = compress ? this.names.get(rest) : undefined;
      if (known !== undefined) {
        this.u16(0xc000 | known);
        return;
      }
      if (this.at < POINTER_LIMIT && !this.names.has(rest)) this.names.set(rest, this.at);
      const dot = rest.indexOf(".");
      const label = Buffer.from(dot < 0 ? rest : rest.slice(0, dot), "latin1").subarray(0, 63);
      this.bytes([label.length]);
      this.bytes(label);
      rest = dot < 0 ? "" : rest.slice(dot + 1);
    }
    this.bytes([0]);
  }

  record(record: Record): void {
    this.name(record.name);
    this.u16(TYPES[record.type]);
    this.u16(CLASS_IN);
    this.u32(record.ttl);
    this.u16(0);
    const start = this.at;
    this.data(record);
    this.buffer.writeUInt16BE(this.at - start, start - 2);
  }

  private data(record: Record): void {
    switch (record.type) {
      case "A":
        this.bytes(record.data.split(".").map(Number));
        break;
      case "AAAA":
        this.bytes(ipv6Bytes(record.data));
        break;
      case "TXT":
        this.bytes([Math.min(255, record.data.length)]);
        this.bytes(Buffer.from(record.data, "latin1").subarray(0, 255));
        break;
      case "SRV":
        for (const value of [record.data.priority, record.data.weight, record.data.port]) this.u16(value);
        this.name(record.data.target, false); // RFC 2782
        break;
      case "SOA": {
        const { mname, rname, serial, refresh, retry, expire, minimum } = record.data;
        this.name(mname);
        this.name(rname);
        for (const value of [serial, refresh, retry, expire, minimum]) this.u32(value);
        break;
      }
      default:
        this.name(record.data);
    }
  }

  private room(size: number): void {
    if (this.at + size <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at + size));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}

/** "fd00::5" and "::ffff:10.0.0.1" as 16 bytes. */
function ipv6Bytes(text: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const hex = (a: string, b: string) => ((Number(a) << 8) | Number(b)).toString(16);
  const plain = dotted ? `${dotted[1]}${hex(dotted[2]!, dotted[3]!)}:${hex(dotted[4]!, dotted[5]!)}` : text;
  const [head = "", tail] = plain.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":").map((g) => Number.parseInt(g, 16)));
  const [front, back] = [groups(head), groups(tail ?? "")];
  const middle = tail === undefined ? [] : new Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0);
  return [...front, ...middle, ...back].flatMap((g) => [g >> 8, g & 255]);
}

/** The bytes of the only question of a query; undefined when it is malformed or compressed. */
export function questionBytes(query: Buffer): Buffer | undefined {
  let at = 12;
  while (at < query.length && query[at] !== 0) {
    if (query[at]! > 63) return undefined;
    at += query[at]! + 1;
  }
  return at + 5 <= query.length ? query.subarray(12, at + 5) : undefined;
}
