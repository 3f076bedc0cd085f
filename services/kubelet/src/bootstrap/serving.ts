import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Random } from "@flotilla/base";
import { createAuthority, issue, type KeyPair } from "@flotilla/pki";

/** The node server's certificate: kept in the folder, made by an authority of our own when there is none. */
export async function servingCertificate(
  ports: { clock: Clock; random: Random },
  directory: string,
  nodeName: string,
  nodeIP: string,
): Promise<KeyPair> {
  const [certFile, keyFile] = [join(directory, "kubelet.crt"), join(directory, "kubelet.key")];
  try {
    return { cert: await readFile(certFile, "utf8"), key: await readFile(keyFile, "utf8") };
  } catch {
    const env = { now_ms: ports.clock.now(), random: ports.random };
    const authority = createAuthority(`${nodeName}-ca@${Math.floor(env.now_ms / 1000)}`, env);
    const pair = issue(authority, { subject: { commonName: nodeName }, altNames: [nodeName, nodeIP], usages: ["server"] }, env);
    await mkdir(directory, { recursive: true });
    await writeFile(certFile, pair.cert, { mode: 0o644 });
    await writeFile(keyFile, pair.key, { mode: 0o600 });
    return pair;
  }
}
