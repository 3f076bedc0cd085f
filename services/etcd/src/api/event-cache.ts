import type { Version } from "@flotilla/mvcc";
import { encodeEvent } from "../codec/kv-responses.ts";
import { Writer } from "../wire/writer.ts";

/** Catching up can encode much of the history while the revision stands still. */
const CACHED_MAX = 4096;

/**
 * Encoded events, so that a change is encoded once however many watch. Only
 * for the revision being published: the next one starts afresh.
 */
export class EventCache {
  private revision = 0;
  private readonly single = [new Map<Version, Buffer>(), new Map<Version, Buffer>()] as const;
  private readonly joined = [
    new Map<Version, { last: Version; count: number; bytes: Buffer }>(),
    new Map<Version, { last: Version; count: number; bytes: Buffer }>(),
  ] as const;

  /** Field 11 of a WatchResponse, once per version. */
  join(versions: readonly Version[], withPrev: boolean, revision: number): Buffer {
    if (revision !== this.revision || this.single[0].size + this.single[1].size > CACHED_MAX) this.clear(revision);
    const first = versions[0]!;
    const last = versions[versions.length - 1]!;
    const known = this.joined[withPrev ? 1 : 0].get(first);
    // Versions are ordered and filtered alike for all watchers of a range: same ends and count mean the same list
    // only if the filters agree, so the middle is compared as well where there is one.
    if (known && known.last === last && known.count === versions.length && versions.length <= 2) return known.bytes;
    const w = new Writer(versions.reduce((n, v) => n + v.key.length + v.size + 96, 0));
    for (const v of versions) w.bytes(0x5a, this.encoded(v, withPrev));
    const bytes = w.finish();
    this.joined[withPrev ? 1 : 0].set(first, { last, count: versions.length, bytes });
    return bytes;
  }

  private encoded(v: Version, withPrev: boolean): Buffer {
    const cache = this.single[withPrev ? 1 : 0];
    let bytes = cache.get(v);
    if (!bytes) {
      bytes = encodeEvent(v, withPrev);
      cache.set(v, bytes);
    }
    return bytes;
  }

  private clear(revision: number): void {
    this.revision = revision;
    for (const map of [...this.single, ...this.joined]) map.clear();
  }
}
