import assert from "node:assert/strict";
import { test } from "node:test";
import { requestOf } from "./logs.ts";

const ask = (query: string) => requestOf({ info: { namespace: "ns", name: "web" } as never, query: new URLSearchParams(query) }, "c");

test("what a query asks of a log", () => {
  const { follow, timestamps, tailLines, limitBytes, sinceSeconds, sinceTime } = ask("follow=true&tailLines=0&limitBytes=3&sinceSeconds=5");
  assert.deepEqual(
    { follow, timestamps, tailLines, limitBytes, sinceSeconds, sinceTime },
    {
      follow: true,
      timestamps: false,
      tailLines: 0,
      limitBytes: 3,
      sinceSeconds: 5,
      sinceTime: "",
    },
  );
  assert.equal(ask("").tailLines, -1);
});

const REFUSED: [query: string, reason: string, message: string | RegExp][] = [
  ["tailLines=x", "BadRequest", 'strconv.ParseInt: parsing "x": invalid syntax'],
  ["sinceTime=yesterday", "BadRequest", /^parsing time "yesterday" as /],
  ["tailLines=-1", "Invalid", 'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0'],
  ["limitBytes=0", "Invalid", 'PodLogOptions "web" is invalid: limitBytes: Invalid value: 0: must be greater than 0'],
  ["sinceSeconds=0", "Invalid", 'PodLogOptions "web" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0'],
  ["sinceSeconds=1&sinceTime=2020-01-01T00:00:00Z", "Invalid", /at most one of `sinceTime` or `sinceSeconds` may be specified/],
];
for (const [query, reason, message] of REFUSED) test(`?${query} is refused`, () => assert.throws(() => ask(query), { reason, message }));
