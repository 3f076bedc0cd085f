import { type Random, randomInt } from "@flotilla/base";

export interface Malformed {
  path: string;
  method: string;
  body?: Buffer;
  headers: Record<string, string>;
}

const NAMESPACED = "/api/v1/namespaces/a";
const PATHS = [
  `${NAMESPACED}/configmaps`,
  `${NAMESPACED}/pods`,
  `${NAMESPACED}/services`,
  "/apis/apps/v1/namespaces/a/deployments",
  "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
  "/apis/authorization.k8s.io/v1/subjectaccessreviews",
  "/apis/authentication.k8s.io/v1/tokenreviews",
  "/apis/certificates.k8s.io/v1/certificatesigningrequests",
];
const BODIES = [
  { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "m", labels: { a: "b" } }, data: { k: "v" } },
  {
    kind: "Pod",
    apiVersion: "v1",
    metadata: { name: "m", annotations: { a: "b" } },
    spec: { containers: [{ name: "c", image: "i", ports: [{ containerPort: 80 }], resources: { limits: { cpu: "1" } } }] },
  },
  { kind: "Service", apiVersion: "v1", metadata: { name: "m" }, spec: { ports: [{ port: 80, targetPort: "x" }], selector: { a: "b" } } },
];
/** Values that stand where others are expected. */
const ODD: unknown[] = [
  null,
  true,
  -1,
  1e308,
  2 ** 63,
  "",
  "\u0000",
  "💥".repeat(50),
  [],
  {},
  [[]],
  { a: null },
  "x".repeat(5_000),
  "1e9999",
  "-",
  "../..",
  "__proto__",
];
const PATCHES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];
const TYPES = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
  "text/plain",
  "application/json; charset=x",
  ";;;",
];
const QUERIES = [
  "labelSelector",
  "fieldSelector",
  "limit",
  "continue",
  "resourceVersion",
  "resourceVersionMatch",
  "timeoutSeconds",
  "watch",
  "dryRun",
  "fieldValidation",
  "fieldManager",
  "force",
  "gracePeriodSeconds",
  "propagationPolicy",
  "sendInitialEvents",
  "pretty",
];
const SELECTORS = [
  "a=",
  "=a",
  "a in",
  "a in (",
  "a in ()",
  "!",
  "a,,b",
  "a notin (b))",
  "a==b==c",
  "metadata.name=",
  "spec.nodeName!=",
  "a>b",
  "a<1,a>2",
  "%",
  "a\\=b",
  "\u0000",
];

const pick = <T>(random: Random, items: readonly T[]): T => items[randomInt(random, items.length)]!;

/** One request that is wrong in some way: cut, changed or swapped JSON, YAML, protobuf, patches, selectors, queries. */
export function malformedRequest(random: Random): Malformed {
  const headers: Record<string, string> = {
    accept: pick(random, [
      "*/*",
      "application/json",
      "text/html",
      "application/json;as=Table;v=v9;g=x",
      ",,,",
      "application/vnd.kubernetes.protobuf",
    ]),
  };
  const path = pick(random, PATHS);
  switch (randomInt(random, 4)) {
    case 0:
      return { path: `${path}?${query(random)}`, method: pick(random, ["GET", "GET", "DELETE", "HEAD", "OPTIONS", "TRACE"]), headers };
    case 1: {
      headers["content-type"] = pick(random, PATCHES);
      return { path: `${NAMESPACED}/configmaps/c?${query(random)}`, method: "PATCH", body: patchBody(random), headers };
    }
    default: {
      headers["content-type"] = pick(random, TYPES);
      const method = pick(random, ["POST", "POST", "PUT", "DELETE"]);
      const target = method === "POST" ? path : `${path}/${pick(random, ["m", "c", "%00", "a%2fb", "x".repeat(300)])}`;
      return { path: `${target}?${query(random)}`, method, body: body(random), headers };
    }
  }
}

function query(random: Random): string {
  const parts = Array.from({ length: randomInt(random, 3) }, () => {
    const name = pick(random, QUERIES);
    const value = name.endsWith("Selector")
      ? pick(random, SELECTORS)
      : pick(random, ["", "-1", "x", "true", "0", "999999999999999999999", "All", "\u0000", "e30", "{}"]);
    // A watch would only hold a connection; all but these ask for one.
    return name === "watch" ? pick(random, ["watch=0", "watch=False"]) : `${name}=${encodeURIComponent(value)}`;
  });
  return [...parts, ...(random.next() < 0.05 ? ["%%%", "a=b=c", "=&&="] : [])].join("&");
}

function body(random: Random): Buffer {
  const value = mutate(random, structuredClone(pick(random, BODIES)), 1 + randomInt(random, 4));
  return damage(random, Buffer.from(JSON.stringify(value)));
}

function patchBody(random: Random): Buffer {
  if (random.next() < 0.5) return body(random);
  const operations = Array.from({ length: 1 + randomInt(random, 5) }, () => ({
    op: pick(random, ["add", "remove", "replace", "move", "copy", "test", "x", null]),
    path: pick(random, ["", "/", "/data", "/data/k", "/data/-", "/metadata/labels/~0~1", "/metadata", "data", "/spec/-1", null]),
    from: pick(random, ["", "/data", "/metadata", "/nothing"]),
    value: pick(random, ODD),
  }));
  return damage(random, Buffer.from(JSON.stringify(random.next() < 0.2 ? operations[0] : operations)));
}

/** Puts odd values into odd places. */
function mutate(random: Random, value: unknown, times: number): unknown {
  for (let i = 0; i < times; i++) {
    let at = value as Record<string, unknown>;
    for (let depth = randomInt(random, 4); depth > 0; depth--) {
      const next = at[pick(random, Object.keys(at))];
      if (typeof next !== "object" || next === null || Object.keys(next).length === 0) break;
      at = next as Record<string, unknown>;
    }
    const key =
      random.next() < 0.8 ? pick(random, Object.keys(at)) : pick(random, ["__proto__", "constructor", "", "toString", "kind", "extra"]);
    Object.defineProperty(at, key, { value: structuredClone(pick(random, ODD)), enumerable: true, writable: true, configurable: true });
  }
  return value;
}

/** Cuts, flips or repeats some of the bytes. */
function damage(random: Random, bytes: Buffer): Buffer {
  switch (randomInt(random, 6)) {
    case 0:
      return bytes.subarray(0, randomInt(random, bytes.length));
    case 1:
      for (let i = 0; i < 5; i++) bytes[randomInt(random, bytes.length)] = randomInt(random, 256);
      return bytes;
    case 2:
      return Buffer.concat([Buffer.from("k8s\0"), bytes]);
    case 3:
      return Buffer.concat([Buffer.from("k8s\0"), Buffer.from(random.bytes(1 + randomInt(random, 200)))]);
    case 4:
      return Buffer.concat([bytes, bytes]);
    default:
      return bytes;
  }
}
