import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequestInfo } from "./request-info.ts";

const check = (request: string, expected: string) =>
  test(request, () => {
    const [method, url] = request.split(" ") as [string, string];
    const { pathname, searchParams } = new URL(url, "https://x");
    const i = parseRequestInfo(method, pathname, searchParams);
    const resource = `${i.group}/${i.version} ns=${i.namespace} ${i.resource}/${i.name}${i.subresource ? `/${i.subresource}` : ""}`;
    assert.equal(i.isResource ? `${i.verb} ${resource}${i.rest ? ` rest=${i.rest}` : ""}` : `${i.verb} path`, expected);
  });

check("GET /api/v1/namespaces/default/pods", "list /v1 ns=default pods/");
check("GET /api/v1/namespaces/default/pods/a", "get /v1 ns=default pods/a");
check("GET /api/v1/pods?watch=true", "watch /v1 ns= pods/");
check("GET /api/v1/watch/namespaces/default/pods", "watch /v1 ns=default pods/");
check("POST /api/v1/namespaces/default/pods/a/exec?command=ls", "create /v1 ns=default pods/a/exec");
check("GET /api/v1/namespaces/default/pods/a/log", "get /v1 ns=default pods/a/log");
check("PUT /api/v1/namespaces/default/finalize", "update /v1 ns=default namespaces/default/finalize");
check("GET /api/v1/namespaces/default", "get /v1 ns=default namespaces/default");
check("DELETE /apis/apps/v1/namespaces/d/deployments", "deletecollection apps/v1 ns=d deployments/");
check("PATCH /apis/apps/v1/namespaces/d/deployments/w/scale", "patch apps/v1 ns=d deployments/w/scale");
check("GET /api/v1/namespaces/d/services/w/proxy/a/b", "get /v1 ns=d services/w/proxy rest=a/b");
check("GET /apis/apps/v1", "get path");
check("GET /healthz", "get path");
