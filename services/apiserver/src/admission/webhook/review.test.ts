import assert from "node:assert/strict";
import { test } from "node:test";
import { deniedBy, readReview } from "./review.ts";

const answer = (response: unknown, more: object = {}) => ({
  kind: "AdmissionReview",
  apiVersion: "admission.k8s.io/v1",
  response,
  ...more,
});
const patch = Buffer.from('[{"op":"add","path":"/a","value":1}]').toString("base64");

function refused(what: string, given: unknown, mutating: boolean, expected: string): void {
  test(what, () => assert.throws(() => readReview("v1", "u", mutating, given), { message: expected }));
}

refused("no answer", answer(undefined), true, "webhook response did not contain a response");
refused("nothing at all", null, true, "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got , Kind=");
refused("of another request", answer({ uid: "x", allowed: true }), true, 'expected response.uid="u", got "x"');
refused(
  "another kind",
  answer({ uid: "u" }, { kind: "Pod" }),
  true,
  "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1, Kind=Pod",
);
refused("a patch without type", answer({ uid: "u", patch }), true, "webhook returned response.patch but not response.patchType");
refused(
  "a patch of another type",
  answer({ uid: "u", patch, patchType: "Merge" }),
  true,
  'webhook returned invalid response.patchType of "Merge"',
);
refused(
  "a validating webhook that patches",
  answer({ uid: "u", patch, patchType: "JSONPatch" }),
  false,
  "validating webhook may not return response.patch",
);

test("a patch is read; whatever is not true is no", () => {
  const read = readReview("v1", "u", true, answer({ uid: "u", allowed: true, patch, patchType: "JSONPatch", warnings: ["w"] }));
  assert.deepEqual([read.allowed, read.patch, read.warnings], [true, [{ op: "add", path: "/a", value: 1 }], ["w"]]);
  assert.equal(readReview("v1", "u", true, answer({ uid: "u", allowed: "yes" })).allowed, false);
  assert.deepEqual(readReview("v1beta1", "u", true, { response: { patch } }).patch, [{ op: "add", path: "/a", value: 1 }]);
});

test("a refusal is an error, whatever the webhook calls it", () => {
  const table: [object | undefined, string, number][] = [
    [undefined, 'admission webhook "w" denied the request without explanation', 400],
    [{ message: "no" }, 'admission webhook "w" denied the request: no', 400],
    [{ reason: "Forbidden", code: 403 }, 'admission webhook "w" denied the request: Forbidden', 403],
    [{ message: "ok", code: 200, status: "Success" }, 'admission webhook "w" denied the request: ok', 400],
  ];
  for (const [status, message, code] of table) {
    const { status: shown } = deniedBy("w", status);
    assert.deepEqual([shown.message, shown.code, shown.status], [message, code, "Failure"]);
  }
});
