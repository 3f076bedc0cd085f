import { type Store, versionAt } from "./store.ts";
import { NO_END } from "./types.ts";
import type { Version } from "./version.ts";

/**
 * A checksum of everything visible up to `revision` since the last compaction
 * (FNV-1a, 32 bits). Equal histories give equal sums, however far the sweep is.
 */
export function hashKv(store: Store, revision: number): number {
  const at = revision === 0 ? store.revision : revision;
  store.checkRevision(at);
  let hash = 0x811c9dc5;
  store.forEachHead({ key: "", end: NO_END }, (head) => {
    for (let v: Version | undefined = head; v; v = v.prev) {
      if (v.mod > at) continue;
      if (v.mod > store.compacted) hash = mix(hash, v);
      else {
        // Of what is older, only the version alive at the compaction counts.
        const alive = versionAt(v, store.compacted);
        if (alive) hash = mix(hash, alive);
        break;
      }
    }
  });
  return hash >>> 0;
}

function mix(seed: number, v: Version): number {
  let hash = text(`${v.key}\0`, seed);
  const value = v.bytes();
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value[i]!, PRIME);
  return text(`\0${v.mod}.${v.sub}.${v.create}.${v.version}.${v.lease}`, hash);
}

function text(part: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), PRIME);
  return hash;
}

const PRIME = 0x01000193;
