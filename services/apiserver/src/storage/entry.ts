import type { KubeObject } from "@flotilla/api";

const METADATA = Buffer.from('"metadata":{');
const OPENING_BYTES_MAX = 256;

/**
 * One version of one stored object. Shared by the cache, its readers and every
 * watcher: never mutated. The JSON is the stored one with the resourceVersion
 * spliced in, so most reads neither parse nor stringify.
 */
export class Entry {
  readonly key: string;
  readonly revision: number;
  /** etcd lease, "0" when none; an update keeps it. */
  readonly lease: string;
  /** JSON as served, in the storage version. */
  readonly json: Buffer;
  /** Its value in the store is sealed with an old key: the next update writes it anew. */
  stale = false;
  private parsed: KubeObject | undefined;
  private variants: Map<string, Buffer> | undefined;

  constructor(key: string, revision: number, json: Buffer, lease = "0", parsed?: KubeObject) {
    this.key = key;
    this.revision = revision;
    this.json = json;
    this.lease = lease;
    this.parsed = parsed;
  }

  get object(): KubeObject {
    this.parsed ??= JSON.parse(this.json.toString()) as KubeObject;
    return this.parsed;
  }

  get namespace(): string {
    return this.object.metadata.namespace ?? "";
  }

  get name(): string {
    return this.object.metadata.name ?? "";
  }

  /** An encoding made once for all who want it: another API version, a watch line. */
  variant(name: string, make: () => Buffer): Buffer {
    this.variants ??= new Map();
    let made = this.variants.get(name);
    if (!made) this.variants.set(name, (made = make()));
    return made;
  }
}

/** The stored form: no resourceVersion, and metadata third, so that it can be spliced in later. */
export function encodeForStorage(object: KubeObject): Buffer {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _, selfLink: __, ...meta } = metadata;
  return Buffer.from(JSON.stringify({ kind, apiVersion, metadata: meta, ...rest }));
}

export function entryOfStored(key: string, value: Buffer, revision: number, lease = "0"): Entry {
  return new Entry(key, revision, withResourceVersion(value, revision), lease);
}

/** The entry for a deletion: the last object, at the deletion's revision. */
export function entryAt(entry: Entry, revision: number): Entry {
  const { json } = entry;
  const head = json.toString("latin1", 0, Math.min(OPENING_BYTES_MAX, json.length));
  const spliced = `"metadata":{"resourceVersion":"${entry.revision}"`;
  const at = head.indexOf(spliced);
  if (at < 0) return new Entry(entry.key, revision, reencode(json, revision), entry.lease);
  const version = Buffer.from(`"metadata":{"resourceVersion":"${revision}"`);
  return new Entry(entry.key, revision, Buffer.concat([json.subarray(0, at), version, json.subarray(at + spliced.length)]), entry.lease);
}

function withResourceVersion(value: Buffer, revision: number): Buffer {
  const at = value.subarray(0, OPENING_BYTES_MAX).indexOf(METADATA);
  if (at < 0) return reencode(value, revision);
  const end = at + METADATA.length;
  const version = value[end] === 0x7d ? `"resourceVersion":"${revision}"` : `"resourceVersion":"${revision}",`;
  // Of its own, not a part of Node's shared slabs: entries live long, and each would hold a slab.
  const bytes = Buffer.allocUnsafeSlow(value.length + version.length);
  value.copy(bytes, 0, 0, end);
  bytes.write(version, end, "latin1");
  value.copy(bytes, end + version.length, end);
  return bytes;
}

/** For values another program wrote with its own order of fields. */
function reencode(value: Buffer, revision: number): Buffer {
  const object = JSON.parse(value.toString()) as KubeObject;
  return Buffer.from(JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }));
}
