import assert from "node:assert/strict";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { grpcCodeOfHttp, httpCodeOfGrpc } from "./codes.ts";
import { apiErrorToGrpc, grpcToApiStatus } from "./status.ts";

test("a Status survives the way through trailing metadata", () => {
  const sent = { kind: "Status", code: 409, reason: "Conflict", message: "näme is taken", details: { name: "a" } };
  const error = apiErrorToGrpc(sent);
  assert.equal(error.code, status.ABORTED);
  assert.deepEqual(grpcToApiStatus(error), sent);
});

test("a Status too big for a header block loses its details, not its code", () => {
  const received = grpcToApiStatus(apiErrorToGrpc({ code: 422, message: "m".repeat(9000), details: { causes: [] } }));
  assert.equal(received?.code, 422);
  assert.equal(received?.details, undefined);
});

test("a transport's own failure has no Status", () => assert.equal(grpcToApiStatus(new Error("connect")), undefined));

test("codes map back to a code of the same class", () => {
  for (const code of [400, 401, 403, 404, 405, 409, 410, 429, 500, 503, 504]) {
    assert.equal(httpCodeOfGrpc(grpcCodeOfHttp(code)), code);
  }
});
