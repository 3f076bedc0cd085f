import { isIP } from "node:net";
import { context, DerError, type DerNode, decodeOid, encode, oid, sequence, set, TAG, utf8 } from "./der.ts";

/** Who a certificate speaks for: Kubernetes reads CN as the user, each O as a group. */
export interface Subject {
  commonName: string;
  organizations?: string[];
}

const OID_COMMON_NAME = "2.5.4.3";
const OID_ORGANIZATION = "2.5.4.10";

export function encodeName(subject: Subject): Buffer {
  const attribute = (type: string, value: string) => set(sequence(oid(type), utf8(value)));
  return sequence(
    ...(subject.organizations ?? []).map((organization) => attribute(OID_ORGANIZATION, organization)),
    attribute(OID_COMMON_NAME, subject.commonName),
  );
}

export function decodeName(name: DerNode): Subject {
  const organizations: string[] = [];
  let commonName = "";
  for (const relative of name.children) {
    for (const attribute of relative.children) {
      const [type, value] = attribute.children;
      if (!type || !value) throw new DerError("bad name attribute");
      const dotted = decodeOid(type.content);
      if (dotted === OID_COMMON_NAME) commonName = value.content.toString("utf8");
      if (dotted === OID_ORGANIZATION) organizations.push(value.content.toString("utf8"));
    }
  }
  return { commonName, organizations };
}

/** Subject alternative names: anything that parses as an address is one, the rest are DNS names. */
export function encodeAltNames(names: readonly string[]): Buffer {
  return sequence(
    ...names.map((name) => (isIP(name) ? context(7, addressBytes(name), false) : context(2, Buffer.from(name, "ascii"), false))),
  );
}

export function decodeAltNames(node: DerNode): string[] {
  const names: string[] = [];
  for (const child of node.children) {
    if (child.tag === 0x82) names.push(child.content.toString("ascii"));
    if (child.tag === 0x87) names.push(addressText(child.content));
  }
  return names;
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill("0");
  const bytes = Buffer.alloc(16);
  for (const [i, group] of [...before, ...zeros, ...after].entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), i * 2);
  return bytes;
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  return Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16)).join(":");
}

/** An X.509 extension; `value` is the DER of its own type. */
export function extension(type: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(type), ...(critical ? [encode(TAG.boolean, Buffer.from([0xff]))] : []), encode(TAG.octetString, value));
}
