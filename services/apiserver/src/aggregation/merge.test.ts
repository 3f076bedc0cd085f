import assert from "node:assert/strict";
import { test } from "node:test";
import { AVAILABLE, discoveryFailed, withoutAsking } from "./availability.ts";
import { identityHeaders } from "./identity.ts";
import { mergeAggregated, mergeGroup, mergeGroupList, mergeSwagger, type Priorities } from "./merge.ts";

const priorities: Priorities = {
  group: (group) => ({ apps: 17_800, "b.example.com": 1_000, "a.example.com": 1_000 })[group] ?? 0,
  version: (_, version) => ({ v1: 100, v2: 100, v9: 200 })[version] ?? 0,
};
const document = (name: string, ...versions: string[]) => ({
  name,
  versions: versions.map((version) => ({ groupVersion: `${name}/${version}`, version })),
  preferredVersion: { groupVersion: `${name}/${versions[0]}`, version: versions[0] },
});
const widgets = { name: "widgets", singularName: "widget", namespaced: true, kind: "Widget", verbs: ["get"], shortNames: ["w"] };
const remote = (group: string, version: string, available = true) => ({
  group,
  version,
  available,
  resources: [widgets, { ...widgets, name: "widgets/status" }],
});

test("groups stand by priority, then by name; versions likewise", () => {
  const local = { kind: "APIGroupList", groups: [document("b.example.com", "v1"), document("apps", "v1")] };
  const merged = mergeGroupList(
    local,
    [remote("a.example.com", "v1"), remote("b.example.com", "v9"), remote("b.example.com", "v2")],
    priorities,
  );
  assert.deepEqual(
    merged["groups"].map(
      (group: { name: string; versions: { version: string }[] }) => `${group.name} ${group.versions.map((v) => v.version)}`,
    ),
    ["apps v1", "a.example.com v1", "b.example.com v9,v2,v1"],
  );
  const silent = { ...remote("c.example.com", "v1", false), resources: undefined };
  assert.equal(mergeGroup(undefined, "c.example.com", [silent], priorities)!["preferredVersion"].version, "v1");
  assert.equal(mergeGroup(undefined, "c", [], priorities), undefined);
  assert.equal(mergeGroup(undefined, "a.example.com", [remote("a.example.com", "v1")], priorities)!["preferredVersion"].version, "v1");
});

test("aggregated discovery shows remote resources with their subresources, stale ones too", () => {
  const local = { items: [{ metadata: { name: "apps" }, versions: [{ version: "v1", freshness: "Current", resources: [] }] }] };
  const [, item] = mergeAggregated(local, [remote("a.example.com", "v1", false)], priorities)["items"];
  assert.equal(item.versions[0].freshness, "Stale");
  assert.deepEqual(item.versions[0].resources, [
    {
      resource: "widgets",
      responseKind: { group: "a.example.com", version: "v1", kind: "Widget" },
      scope: "Namespaced",
      singularResource: "widget",
      verbs: ["get"],
      shortNames: ["w"],
      subresources: [{ subresource: "status", responseKind: { group: "a.example.com", version: "v1", kind: "Widget" }, verbs: ["get"] }],
    },
  ]);
});

test("an extension server's swagger adds its own paths and what they need, and takes nothing away", () => {
  const local = { paths: { "/api/v1/pods": 1 }, definitions: { Pod: "ours" } };
  const swagger = { paths: { "/apis/a.example.com/v1/widgets": 2, "/api/v1/pods": 3 }, definitions: { Pod: "theirs", Widget: "w" } };
  assert.deepEqual(mergeSwagger(local, [{ group: "a.example.com", version: "v1", swagger }]), {
    paths: { "/api/v1/pods": 1, "/apis/a.example.com/v1/widgets": 2 },
    definitions: { Pod: "ours", Widget: "w" },
  });
});

test("availability is judged in upstream's order and words", () => {
  const api = { spec: { service: { namespace: "n", name: "s", port: 443 } } } as never;
  const service = { spec: { selector: { a: "b" }, ports: [{ name: "https", port: 443 }] } } as never;
  const slice = (ready: boolean) =>
    ({ ports: [{ name: "https", port: 8443 }], endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready } }] }) as never;
  for (const [found, slices, wanted] of [
    [undefined, [], 'ServiceNotFound: service/s in "n" is not present'],
    [{ spec: { ports: [{ port: 80 }] } } as never, [], 'ServicePortError: service/s in "n" is not listening on port 443'],
    [service, [], 'EndpointsNotFound: cannot find endpointslices for service/s in "n"'],
    [service, [slice(false)], 'MissingEndpoints: endpoints for service/s in "n" have no addresses with port name "https"'],
    [service, [slice(true)], "ask"],
    [{ spec: { type: "ExternalName" } } as never, [], "ask"],
  ] as const) {
    const verdict = withoutAsking(api, found, slices);
    assert.equal(verdict ? `${verdict.reason}: ${verdict.message}` : "ask", wanted);
  }
  assert.equal(AVAILABLE.status, "True");
  assert.match(discoveryFailed("https://x", "no").message, /^failing or missing response from https:\/\/x: no$/);
});

test("identity travels in headers; keys that no header may have are escaped", () => {
  assert.deepEqual(identityHeaders({ name: "jane", uid: "u", groups: ["a", "b"], extra: { "example.com/scope": ["x"], Üb: ["y"] } }), {
    "X-Remote-User": "jane",
    "X-Remote-Group": ["a", "b"],
    "X-Remote-Uid": "u",
    "X-Remote-Extra-example.com%2Fscope": ["x"],
    "X-Remote-Extra-%C3%9Cb": ["y"],
  });
});
