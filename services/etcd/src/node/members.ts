import { createHash } from "node:crypto";
import type { Conf, NodeId } from "@flotilla/raft";

export interface Member {
  readonly id: NodeId;
  /** Empty until the member has started and said its name. */
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
  /** Which data directory it said it has; unknown until it has started. */
  readonly dataId?: string;
}

/**
 * A member's id from its peer URLs and the cluster's token, as in etcd; 52 bits
 * of the hash, so that it is an exact number everywhere. `salt` tells apart a
 * member that was removed and added again with the same URLs.
 */
export function memberId(peerURLs: readonly string[], token: string, salt = ""): NodeId {
  return id52([...peerURLs].sort().join(",") + token + salt);
}

export const clusterIdOf = (members: readonly NodeId[], token: string) => id52([...members].sort((a, b) => a - b).join(",") + token);

function id52(text: string): number {
  const digest = createHash("sha1").update(text).digest();
  return digest.readUIntBE(0, 6) * 16 + (digest[6]! >> 4) || 1;
}

/** `name=url,name=url`, a name repeated for several URLs. @throws Error saying what is wrong. */
export function parseInitialCluster(text: string): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const part of text.split(",").filter(Boolean)) {
    const at = part.indexOf("=");
    if (at < 1) throw new Error(`--initial-cluster: "${part}" is not name=peerURL`);
    const name = part.slice(0, at);
    out.set(name, [...(out.get(name) ?? []), part.slice(at + 1)]);
  }
  return out;
}

/** The first membership, the same on every member that was given the same flags. */
export function bootstrapMembers(initialCluster: Map<string, string[]>, token: string): Member[] {
  return [...initialCluster].map(([name, peerURLs]) => ({
    id: memberId(peerURLs, token),
    name,
    peerURLs,
    clientURLs: [],
    isLearner: false,
  }));
}

export const confOf = (members: readonly Member[]): Conf => ({
  voters: members
    .filter((m) => !m.isLearner)
    .map((m) => m.id)
    .sort((a, b) => a - b),
  outgoing: [],
  learners: members
    .filter((m) => m.isLearner)
    .map((m) => m.id)
    .sort((a, b) => a - b),
  learnersNext: [],
});

export const sameUrls = (a: readonly string[], b: readonly string[]) => [...a].sort().join() === [...b].sort().join();
