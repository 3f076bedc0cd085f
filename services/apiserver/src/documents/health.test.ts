import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiError } from "@flotilla/api";
import { type HealthCheck, healthReply } from "./health.ts";

const check = (name: string, fault?: string): HealthCheck => ({ name, on: ["readyz"], check: () => fault });
const WELL = [check("ping"), check("poststarthook/a")];
const ILL = [check("ping"), check("etcd", "no answer")];

const pages: [path: string, checks: HealthCheck[], query: string, expected: string][] = [
  ["/readyz", WELL, "", "200 ok"],
  ["/readyz", WELL, "verbose", "200 [+]ping ok\n[+]poststarthook/a ok\nreadyz check passed\n"],
  ["/readyz", ILL, "", "500 [+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n"],
  ["/readyz", ILL, "exclude=etcd", "200 ok"],
  ["/readyz", ILL, "exclude=etcd&verbose", "200 [+]ping ok\n[+]etcd excluded: ok\nreadyz check passed\n"],
  [
    "/readyz",
    WELL,
    "exclude=x&verbose",
    '200 [+]ping ok\n[+]poststarthook/a ok\nwarn: some health checks cannot be excluded: no matches for "x"\nreadyz check passed\n',
  ],
  ["/readyz/poststarthook/a", WELL, "", "200 ok"],
  ["/readyz/etcd", ILL, "", "500 internal server error: no answer\n"],
  ["/readyz/nope", WELL, "", "404"],
  ["/healthz", ILL, "", "200 ok"],
];
for (const [path, checks, query, expected] of pages) {
  test(`${path}?${query}`, () => {
    let told: string;
    try {
      const reply = healthReply(path, checks, new URLSearchParams(query));
      told = reply.type === "document" ? `${reply.code} ${reply.body}` : reply.type;
    } catch (error) {
      told = String((error as ApiError).status.code);
    }
    assert.equal(told, expected);
  });
}
