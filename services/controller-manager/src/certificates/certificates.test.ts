import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { type CertificateSigningRequest, CertificateSigningRequests, type Node, Nodes } from "@flotilla/api";
import { seededRandom } from "@flotilla/base";
import { createAuthority, createCsr } from "@flotilla/pki";
import { startControllers } from "../testing/controllers.ts";
import { CLIENT_SIGNER, SERVING_SIGNER } from "./approve.ts";
import { startCsrApprovingController } from "./approving-controller.ts";
import { startCsrSigningController } from "./signing-controller.ts";

const subject = { commonName: "system:node:w1", organizations: ["system:nodes"] };
const NODE = { username: "system:node:w1", groups: ["system:nodes"] };
const JOINING = { username: "system:bootstrap:abc", groups: ["system:bootstrappers:kubeadm:default-node-token"] };
const CLIENT = ["digital signature", "client auth"];
const SERVING = ["digital signature", "server auth"];

interface Case {
  signerName: string;
  usages: string[];
  who: object;
  subject?: { commonName: string; organizations: string[] };
  altNames?: string[];
}

async function outcome(one: Case): Promise<string> {
  const authority = createAuthority("ca", { now_ms: Date.UTC(2025, 0, 1), random: seededRandom(3) });
  const clusterSigning = { certPem: authority.cert, keyPem: authority.key, duration_ms: 86_400_000 };
  const c = startControllers([startCsrApprovingController, startCsrSigningController], { clusterSigning });
  c.api.seed(Nodes, { metadata: { name: "w1" }, status: { addresses: [{ type: "InternalIP", address: "10.0.0.7" }] } } as Node);
  const request = Buffer.from(createCsr(one.subject ?? subject, one.altNames).csr).toString("base64");
  const spec = { request, signerName: one.signerName, usages: one.usages, ...one.who };
  c.api.seed(CertificateSigningRequests, { metadata: { name: "r" }, spec } as unknown as CertificateSigningRequest);
  await c.run(3_000);
  c.stop.abort();
  const { status } = c.api.all(CertificateSigningRequests)[0]!;
  if (!status?.certificate) return status?.conditions?.map((x) => x.type).join() ?? "";
  const cert = new X509Certificate(Buffer.from(status.certificate, "base64"));
  assert.ok(cert.checkIssued(new X509Certificate(authority.cert)));
  return cert.subject.replace("\n", " ");
}

test("who gets a certificate, and who does not", async () => {
  const signed = "O=system:nodes CN=system:node:w1";
  const cases: [string, Case, string][] = [
    ["a joining machine", { signerName: CLIENT_SIGNER, usages: CLIENT, who: JOINING }, signed],
    ["a node that renews", { signerName: CLIENT_SIGNER, usages: CLIENT, who: NODE }, signed],
    ["a stranger", { signerName: CLIENT_SIGNER, usages: CLIENT, who: { username: "eve", groups: ["system:authenticated"] } }, ""],
    [
      "another node's name",
      { signerName: CLIENT_SIGNER, usages: CLIENT, who: NODE, subject: { ...subject, commonName: "system:node:w2" } },
      "",
    ],
    [
      "an administrator's group",
      { signerName: CLIENT_SIGNER, usages: CLIENT, who: JOINING, subject: { ...subject, organizations: ["system:masters"] } },
      "",
    ],
    ["a server's usage", { signerName: CLIENT_SIGNER, usages: SERVING, who: JOINING }, ""],
    ["a node's serving certificate", { signerName: SERVING_SIGNER, usages: SERVING, who: NODE, altNames: ["w1", "10.0.0.7"] }, signed],
    ["for someone else's address", { signerName: SERVING_SIGNER, usages: SERVING, who: NODE, altNames: ["10.0.0.8"] }, ""],
  ];
  for (const [name, one, expected] of cases) assert.equal(await outcome(one), expected, name);
});
