/** What both servers are asked, in order: one request on each row. */
export interface Step {
  method: string;
  path: string;
  /** A string is sent as it is. */
  body?: unknown;
  type?: string;
  accept?: string;
}

const NAMESPACE = "/api/v1/namespaces/diff";
const MAPS = `${NAMESPACE}/configmaps`;
const DEPLOYMENTS = "/apis/apps/v1/namespaces/diff/deployments";
const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

const get = (path: string, accept?: string): Step => ({ method: "GET", path, ...(accept ? { accept } : {}) });
const post = (path: string, body: unknown, type?: string): Step => ({ method: "POST", path, body, ...(type ? { type } : {}) });
const put = (path: string, body: unknown): Step => ({ method: "PUT", path, body });
const remove = (path: string, body?: unknown): Step => ({ method: "DELETE", path, ...(body ? { body } : {}) });
const patch = (kind: string) => (path: string, body: unknown) => ({ method: "PATCH", path, body, type: `application/${kind}` });
const merge = patch("merge-patch+json");
const strategic = patch("strategic-merge-patch+json");
const json = patch("json-patch+json");
const apply = patch("apply-patch+yaml");

const map = (name: string, data: object, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});
const named = (metadata: object, spec: object) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d", ...metadata },
  spec,
});
const containers = (...list: object[]) => ({ spec: { template: { spec: { containers: list } } } });
const template = { metadata: { labels: { app: "d" } }, spec: { containers: [{ name: "a", image: "i", ports: [{ containerPort: 80 }] }] } };
const spec = { selector: { matchLabels: { app: "d" } }, template };

export const SEQUENCES: Record<string, Step[]> = {
  setup: [post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "diff" } })],
  "options and identity": [
    post(MAPS, map("a", { x: "1" }, { labels: { l: "1" }, generateName: "g-" })),
    post(MAPS, map("a", { x: "1" })),
    post(`${MAPS}?dryRun=All`, map("dry", { x: "1" })),
    put(`${MAPS}/a?fieldManager=${"x".repeat(200)}`, map("a", { x: "1" })),
    merge(`${MAPS}/a?force=true`, {}),
    merge(`${MAPS}/a`, { metadata: { uid: "x" } }),
    put(`${MAPS}/a`, map("b", { x: "1" })),
    put(`${MAPS}/a`, map("a", { x: "1" }, { uid: "x" })),
    put(`${MAPS}/a`, map("a", { x: "1" }, { resourceVersion: "1" })),
    post(MAPS, "{", "text/plain"),
    post(MAPS, '{"a":}'),
    get("/api/v1//namespaces"),
    get("/api/v1/namespaces/./diff"),
  ],
  lists: [
    get(`${MAPS}?resourceVersionMatch=Exact`),
    get(`${MAPS}?resourceVersionMatch=Exact&resourceVersion=0`),
    get(`${MAPS}?resourceVersionMatch=x&resourceVersion=1`),
    get(`${MAPS}?limit=x`),
    get(`${MAPS}?limit=1&continue=e30`),
    get(`${MAPS}?labelSelector=a%20in%20(`),
    get(`${MAPS}?fieldSelector=nope%3D1`),
    get(`${MAPS}?fieldSelector=metadata.name%3Da&includeObject=None`, TABLE),
    get(`${MAPS}?includeObject=x`, TABLE),
    get(`${MAPS}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dnobody`),
  ],
  "JSON patches": [
    json(`${MAPS}/a`, [{ op: "add", path: "/metadata/labels/x.io~1y", value: "z" }]),
    json(`${MAPS}/a`, [{ op: "test", path: "/data/x", value: "2" }]),
    json(`${MAPS}/a`, [{ op: "remove", path: "/nope" }]),
    json(`${MAPS}/a`, [{ op: "add", path: "/metadata/finalizers", value: ["a.com/x"] }]),
    json(`${MAPS}/a`, [{ op: "add", path: "/metadata/finalizers/-1", value: "a.com/y" }]),
    json(`${MAPS}/a`, [{ op: "remove", path: "/metadata/finalizers" }]),
    json(`${MAPS}/a`, {}),
    json(`${MAPS}/a`, [1]),
  ],
  "strategic merges": [
    post(DEPLOYMENTS, named({}, spec)),
    strategic(`${DEPLOYMENTS}/d`, containers({ name: "b", image: "j" })),
    strategic(`${DEPLOYMENTS}/d`, containers({ image: "no key" })),
    strategic(`${DEPLOYMENTS}/d`, containers({ name: "b", $patch: "delete" })),
    strategic(`${DEPLOYMENTS}/d`, containers({ name: "a", env: [{ name: "A", value: "1" }] })),
    strategic(`${DEPLOYMENTS}/d`, { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } }),
    strategic(`${DEPLOYMENTS}/d`, { spec: { replicas: null } }),
    remove(`${DEPLOYMENTS}/d`),
  ],
  applies: [
    apply(`${DEPLOYMENTS}/d?fieldManager=one`, named({}, { replicas: 2, ...spec })),
    apply(`${DEPLOYMENTS}/d?fieldManager=two`, named({}, { replicas: 3 })),
    apply(`${DEPLOYMENTS}/d?fieldManager=two&force=true`, named({}, { replicas: 3 })),
    apply(`${DEPLOYMENTS}/d?fieldManager=one`, named({}, spec)),
    // Nothing more: an empty spec would be one's own, as since 1.22.
    apply(`${DEPLOYMENTS}/d?fieldManager=two`, { ...named({}, {}), spec: undefined }),
    apply(`${DEPLOYMENTS}/d`, named({}, {})),
    apply(`${DEPLOYMENTS}/d?fieldManager=two`, { ...named({}, {}), apiVersion: "apps/v2" }),
    apply(`${DEPLOYMENTS}/d?fieldManager=two`, named({ name: "e" }, {})),
    merge(`${MAPS}/a`, { metadata: { managedFields: [{}] } }),
    merge(`${MAPS}/a`, { data: { y: "1" } }),
    apply(`${MAPS}/a?fieldManager=one`, map("a", { x: "other" })),
  ],
  deletion: [
    remove(`${MAPS}/a`, { preconditions: { uid: "x" } }),
    remove(`${MAPS}/a`, { propagationPolicy: "x" }),
    remove(`${MAPS}/a`, { propagationPolicy: "Orphan", orphanDependents: true }),
    merge(`${MAPS}/a`, { metadata: { finalizers: ["a.com/x"] } }),
    remove(`${MAPS}/a?orphanDependents=false`),
    post(MAPS, map("a", {})),
    merge(`${MAPS}/a`, { metadata: { finalizers: ["a.com/x", "a.com/y"] } }),
    merge(`${MAPS}/a`, { metadata: { finalizers: null } }),
    get(`${MAPS}/a`),
    remove(MAPS),
  ],
};
