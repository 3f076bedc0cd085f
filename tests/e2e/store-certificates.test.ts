import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "node:tls";
import { createAuthority, issue, type KeyPair } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process/system-random.ts";
import { StoreClient, waitForLeader } from "../../services/etcd/src/testing/client.ts";
import { StoreCluster } from "../../services/etcd/src/testing/processes.ts";

const env = () => ({ now_ms: Date.now(), random: systemRandom });
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test("members take renewed certificates, as servers and as clients of each other, without a restart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "store-certificates-"));
  const at = (name: string) => join(folder, name);
  const old = createAuthority("old-ca", env());
  const next = createAuthority("new-ca", env());
  const certificate = (authority: KeyPair) =>
    issue(authority, { subject: { commonName: "etcd" }, altNames: ["127.0.0.1"], usages: ["server", "client"] }, env());
  const install = (pair: KeyPair) => {
    writeFileSync(at("tls.key"), pair.key);
    writeFileSync(at("tls.crt"), pair.cert);
  };
  install(certificate(old));
  writeFileSync(at("ca.crt"), old.cert);
  const flags = ["", "peer-"].flatMap((of) => [
    `--${of}cert-file=${at("tls.crt")}`,
    `--${of}key-file=${at("tls.key")}`,
    `--${of}trusted-ca-file=${at("ca.crt")}`,
    `--${of}client-cert-auth`,
  ]);
  const cluster = await StoreCluster.start("source", 3, flags, "https");
  const clientsWith = (pair: KeyPair, ca: string) =>
    cluster.members.map((m) => new StoreClient(m.clientUrl, { cert: pair.cert, key: pair.key, ca }));
  const before = clientsWith(certificate(old), old.cert);
  const after = clientsWith(certificate(next), old.cert + next.cert);
  try {
    await waitForLeader(before);
    await before[0]!.put("a", "1");
    assert.equal(await issuerOf(cluster.members[0]!.clientUrl, certificate(old)), "old-ca");
    await assert.rejects(after[0]!.put("a", "2"), "the new authority is not known yet");

    // As an operator rotates: first both authorities, then the certificates.
    writeFileSync(at("ca.crt"), old.cert + next.cert);
    await after[0]!.put("a", "3");
    install(certificate(next));
    for (const m of cluster.members) {
      for (const url of [m.clientUrl, m.peerUrl]) assert.equal(await issuerOf(url, certificate(old)), "new-ca", url);
    }
    writeFileSync(at("ca.crt"), next.cert);
    // Connections that were there go on; whoever comes anew must be of the new authority.
    await before[0]!.put("a", "4");
    await assert.rejects(new StoreClient(cluster.members[0]!.clientUrl, { ...certificate(old), ca: next.cert }).put("a", "5"));
    // The links between the members are made anew: each side shows, and asks for, the new certificates.
    const leader = await waitForLeader(after);
    await cluster.kill(cluster.members[leader]!);
    cluster.run(cluster.members[leader]!);
    const follower = after[(leader + 1) % 3]!;
    await until(() => follower.put("a", "6"));
    for (const c of after) await until(async () => assert.equal(await c.value("a", true), "6"));
    // Half of a rotation changes nothing.
    writeFileSync(at("tls.crt"), certificate(next).cert);
    assert.equal(await issuerOf(cluster.members[0]!.clientUrl, certificate(next)), "new-ca");
  } finally {
    for (const c of [...before, ...after]) c.close();
    await cluster.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Who issued the certificate that this address shows. */
function issuerOf(url: string, own: KeyPair): Promise<string> {
  const { hostname: host, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), ...own, rejectUnauthorized: false, ALPNProtocols: ["h2"] }, () => {
      resolve(String(socket.getPeerCertificate().issuer.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

async function until(run: () => Promise<unknown>, limit_ms = 20_000): Promise<void> {
  const end = performance.now() + limit_ms;
  for (;;) {
    try {
      await run();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await pause(50);
    }
  }
}
