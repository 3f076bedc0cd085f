import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom } from "@flotilla/base";
import { certify, createAuthority, createCsr, issue, parseCsr, signCsr } from "./index.ts";

const env = { now_ms: Date.UTC(2026, 0, 2, 3, 4, 5), random: seededRandom(1) };
const ca = createAuthority("kubernetes", env);

test("an issued certificate names its subject, its names and its authority", () => {
  const pair = issue(
    ca,
    {
      subject: { commonName: "system:node:cp1", organizations: ["system:nodes"] },
      altNames: ["cp1", "172.30.0.11", "::1"],
      usages: ["server", "client"],
    },
    env,
  );
  const cert = new X509Certificate(pair.cert);
  assert.equal(cert.subject, "O=system:nodes\nCN=system:node:cp1");
  assert.equal(cert.subjectAltName, "DNS:cp1, IP Address:172.30.0.11, IP Address:0:0:0:0:0:0:0:1");
  assert.deepEqual(cert.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  assert.equal(cert.checkIssued(new X509Certificate(ca.cert)), true);
  assert.equal(cert.verify(new X509Certificate(ca.cert).publicKey), true);
  assert.equal(cert.ca, false);
  assert.equal(new Date(cert.validFrom).toISOString(), "2026-01-02T02:59:05.000Z");
  assert.equal(new Date(cert.validTo).toISOString(), "2027-01-02T03:04:05.000Z");
  assert.equal(new X509Certificate(ca.cert).ca, true);
});

test("a request keeps its subject and names through signing", () => {
  const { csr } = createCsr({ commonName: "system:node:w1", organizations: ["system:nodes", "b"] }, ["w1", "10.0.0.1"]);
  const parsed = parseCsr(csr);
  assert.deepEqual(parsed.subject, { commonName: "system:node:w1", organizations: ["system:nodes", "b"] });
  assert.deepEqual(parsed.altNames, ["w1", "10.0.0.1"]);
  const cert = new X509Certificate(signCsr(ca, csr, { usages: ["client"] }, env));
  assert.equal(cert.verify(new X509Certificate(ca.cert).publicKey), true);
  assert.equal(cert.subjectAltName, "DNS:w1, IP Address:10.0.0.1");
});

test("a request whose content was changed after signing is refused", () => {
  const { csr } = createCsr({ commonName: "system:node:w1" });
  const der = Buffer.from(csr.replace(/-----[^-]+-----/g, ""), "base64");
  der.write("system:node:w2", der.indexOf("system:node:w1"));
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
  assert.throws(() => parseCsr(forged), /bad signature/);
});

test("an authority never outlives itself", () => {
  const spki = parseCsr(createCsr({ commonName: "x" }).csr).spki;
  const cert = certify(ca, spki, { subject: { commonName: "x" }, usages: ["client"], validity_ms: 100 * 365 * 86_400_000 }, env);
  assert.equal(new X509Certificate(cert).validTo, new X509Certificate(ca.cert).validTo);
});

test("openssl accepts the chain", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "flotilla-pki-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const now = { now_ms: Date.now(), random: seededRandom(2) };
  const own = createAuthority("kubernetes", now);
  const leaf = issue(own, { subject: { commonName: "kube-apiserver" }, altNames: ["kubernetes"], usages: ["server"] }, now);
  writeFileSync(join(dir, "ca.crt"), own.cert);
  writeFileSync(join(dir, "leaf.crt"), leaf.cert);
  try {
    execFileSync("openssl", ["version"]);
  } catch {
    return t.skip("openssl is not here");
  }
  const out = execFileSync("openssl", ["verify", "-x509_strict", "-CAfile", "ca.crt", "leaf.crt"], { cwd: dir, encoding: "utf8" });
  assert.equal(out.trim(), "leaf.crt: OK");
});
