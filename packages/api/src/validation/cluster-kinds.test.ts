/** What validation says of the kinds that clusters are set up with: checked against a real API server's answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCauses, type Tree, update } from "./testing/causes.ts";

const LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const topology = (...matchLabelExpressions: Tree[]): Tree => ({ provisioner: "p", allowedTopologies: [{ matchLabelExpressions }] });
const request = btoa("-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n");
const signing = (usages: string[], spec: Tree = {}): Tree => ({ spec: { request, signerName: "a.b/c", usages, ...spec } });
const client = (spec: Tree) => signing(["client auth"], spec);
const event = (more: Tree): Tree => ({
  regarding: { kind: "Pod", name: "p", namespace: "default" },
  eventTime: "2020-01-01T00:00:00.000000Z",
  reportingController: "a.b/c",
  reportingInstance: "i",
  action: "A",
  reason: "R",
  type: "Normal",
  ...more,
});

const INVALID: [kind: string, body: Tree, causes: string[]][] = [
  [
    "Node",
    { spec: { taints: [{ key: "k", value: "a b" }] } },
    [`metadata.taints[0].value: Invalid value: "a b": ${LABEL_VALUE}`, "metadata.taints[0].effect: Required value"],
  ],
  [
    "Node",
    { spec: { podCIDR: "10.0.0.0" } },
    ['spec.podCIDRs[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
  ],
  [
    "RuntimeClass",
    { handler: "h", scheduling: { tolerations: [{ key: "k", operator: "Odd" }] } },
    ['scheduling.tolerations[0].operator: Unsupported value: "Odd": supported values: "Equal", "Exists"'],
  ],
  [
    "StorageClass",
    topology({ key: "z", values: ["a"] }, { key: "z", values: [] }),
    [
      "allowedTopologies[0].matchLabelExpressions[1].values: Required value",
      'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "z"',
    ],
  ],
  [
    "ClusterRole",
    { aggregationRule: {} },
    ["aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil"],
  ],
  ["CertificateSigningRequest", signing(["signing", "signing"]), ['spec.usages[1]: Duplicate value: "signing"']],
  [
    "CertificateSigningRequest",
    client({ request: "eA==" }),
    ['spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST'],
  ],
  ["CertificateSigningRequest", client({ signerName: "" }), ["spec.signerName: Required value: signerName must be provided"]],
  [
    "CertificateSigningRequest",
    client({ signerName: "a.b" }),
    ["spec.signerName: Invalid value: \"a.b\": must be a fully qualified domain and path of the form 'example.com/signer-name'"],
  ],
  [
    "CertificateSigningRequest",
    client({ signerName: "a/c" }),
    ['spec.signerName: Invalid value: "a": should be a domain with at least two segments separated by dots'],
  ],
  [
    "Event",
    event({ reason: "", series: { count: 1 } }),
    ["reason: Required value", 'series.count: Invalid value: "": should be at least 2', "series.lastObservedTime: Required value"],
  ],
  [
    "Namespace",
    { spec: { finalizers: ["mine"] } },
    ['spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'],
  ],
];

for (const [kind, body, expected] of INVALID) test(`${kind}: ${expected[0]}`, () => assert.deepEqual(createCauses(kind, body), expected));

test("a node registers with its status", () => {
  const { object } = update("Node", { status: { capacity: { cpu: "1" } } }, () => {});
  assert.deepEqual(object.status.capacity, { cpu: "1" });
});

test("a node's other fields are not for updates", () => {
  const { causes } = update("Node", {}, (node) => {
    node.spec = { externalID: "x" };
  });
  assert.deepEqual(causes, ["[]: Forbidden: node updates may only change labels, taints, or capacity"]);
});

test("who may approve a signing request may not sign it, and who may sign may not approve", () => {
  const approved = { type: "Approved", status: "True" };
  const set = (status: Tree) => (csr: { status: Tree }) => void (csr.status = status);
  const rows: [subresource: string, status: Tree, causes: string[]][] = [
    ["approval", { conditions: [approved] }, []],
    [
      "approval",
      { conditions: [{ type: "Approved", status: "False" }] },
      ['status.conditions[0].status: Unsupported value: "False": supported values: "True"'],
    ],
    ["approval", { conditions: [approved, approved] }, ['status.conditions[1].type: Duplicate value: "Approved"']],
    [
      "approval",
      { conditions: [approved, { type: "Denied", status: "True" }] },
      ['status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive'],
    ],
    ["status", { conditions: [approved] }, ['status.conditions: Forbidden: updates may not add a condition of type "Approved"']],
    ["status", { conditions: [{ type: "Failed", status: "True" }], certificate: "eA==" }, []],
  ];
  for (const [subresource, status, causes] of rows) {
    const changed = update("CertificateSigningRequest", client({}), set(status), subresource);
    assert.deepEqual(changed.causes, causes, JSON.stringify(status));
  }
  const stamped = update("CertificateSigningRequest", client({}), set({ conditions: [approved], certificate: "eA==" }), "approval").object;
  const time = "1970-01-01T00:00:00Z";
  assert.deepEqual(stamped.status, { conditions: [{ ...approved, lastUpdateTime: time, lastTransitionTime: time }] });
});
