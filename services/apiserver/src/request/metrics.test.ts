import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@flotilla/testing";
import { RequestMetrics } from "./metrics.ts";
import { parseRequestInfo } from "./request-info.ts";

test("requests are counted by upstream's names and labels", async () => {
  const clock = new FakeClock();
  const metrics = new RequestMetrics(clock, ({ resource }) => resource === "pods");
  const ask = (method: string, path: string, code: number, took_ms = 10) => {
    const [pathname, query] = path.split("?") as [string, string?];
    const done = metrics.begin(parseRequestInfo(method, pathname, new URLSearchParams(query)));
    clock.advance(took_ms);
    done(code);
  };
  ask("GET", "/api/v1/namespaces/a/pods/x", 200);
  ask("GET", "/api/v1/namespaces/b/pods/y", 200, 300);
  ask("POST", "/api/v1/namespaces/a/pods", 201);
  for (let i = 0; i < 100; i++) ask("GET", `/api/v1/made-up-${i}`, 404);
  ask("GET", "/version", 200);
  const open = metrics.begin(parseRequestInfo("GET", "/api/v1/pods", new URLSearchParams("watch=1")));
  const text = await metrics.registry.metrics();
  open(200);
  const line = (start: string) => text.split("\n").filter((one) => one.startsWith(start));
  const pods = 'dry_run="",group="",version="v1",resource="pods",subresource=""';
  assert.deepEqual(line("apiserver_request_total{"), [
    `apiserver_request_total{verb="GET",${pods},scope="resource",component="apiserver",code="200"} 2`,
    `apiserver_request_total{verb="POST",${pods},scope="namespace",component="apiserver",code="201"} 1`,
    'apiserver_request_total{verb="LIST",dry_run="",group="",version="",resource="",subresource="",scope="",component="apiserver",code="404"} 100',
    'apiserver_request_total{verb="GET",dry_run="",group="",version="",resource="",subresource="",scope="",component="apiserver",code="200"} 1',
  ]);
  const bucket = (le: string) =>
    line(`apiserver_request_duration_seconds_bucket{verb="GET",${pods},scope="resource",component="apiserver",le="${le}"}`)[0]
      ?.split(" ")
      .at(-1);
  assert.deepEqual([bucket("0.005"), bucket("0.025"), bucket("0.4"), bucket("+Inf")], ["0", "1", "2", "2"]);
  assert.match(line("apiserver_longrunning_requests{").join(), /verb="WATCH".* 1$/);
  assert.deepEqual(line("apiserver_current_inflight_requests{"), [
    'apiserver_current_inflight_requests{request_kind="mutating"} 0',
    'apiserver_current_inflight_requests{request_kind="readOnly"} 0',
  ]);
});
