import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { randomInt, seededRandom } from "@flotilla/base";
import { hasEtcdctl } from "./etcd.ts";
import { Harness } from "./harness.ts";
import { Rest } from "./rest.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const OBJECTS = 60;
const seed = Number(process.env["SEED"] ?? Date.now() % 100_000);

describe(`paging while others write (SEED=${seed})`, () => {
  const harness = new Harness();
  const random = seededRandom(seed);
  let rest: Rest;
  before(async () => {
    await harness.start(2);
    rest = new Rest(harness);
  });
  after(() => {
    rest?.close();
    harness.stop();
  });

  const shown = (items: any[]) => items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);

  /** Creates, changes and deletes by chance until told to stop. */
  async function churn(stopped: () => boolean): Promise<number> {
    let writes = 0;
    for (; !stopped(); writes++) {
      const path = `${PATH}/c-${randomInt(random, OBJECTS)}`;
      const replica = randomInt(random, 2);
      const choice = randomInt(random, 3);
      const body = { metadata: { name: path.split("/").at(-1) }, data: { n: String(writes) } };
      if (choice === 0) await rest.call("DELETE", path, undefined, { replica });
      else if (choice === 1) await rest.call("POST", PATH, body, { replica });
      else await rest.call("PUT", path, body, { replica });
    }
    return writes;
  }

  async function pages(limit: () => number): Promise<{ items: any[]; revision: string; count: number }> {
    const items: any[] = [];
    let token: string | undefined;
    let revision = "";
    for (let count = 1; ; count++) {
      const query = new URLSearchParams({ limit: String(limit()), ...(token ? { continue: token } : {}) });
      const { status, body } = await rest.call("GET", `${PATH}?${query}`, undefined, { replica: randomInt(random, 2) });
      assert.equal(status, 200, JSON.stringify(body));
      revision ||= body.metadata.resourceVersion;
      assert.equal(body.metadata.resourceVersion, revision, "all pages show one revision");
      items.push(...body.items);
      token = body.metadata.continue;
      if (!token) return { items, revision, count };
    }
  }

  test("all pages together are the list at one revision: each object once", async () => {
    for (let i = 0; i < OBJECTS; i++) await rest.call("POST", PATH, { metadata: { name: `s-${i}` } });
    let stop = false;
    const writers = [churn(() => stop), churn(() => stop)];
    let pagesSeen = 0;
    for (let round = 0; round < 8; round++) {
      const { items, revision, count } = await pages(() => 1 + randomInt(random, 25));
      pagesSeen += count;
      const whole = await rest.call("GET", `${PATH}?resourceVersion=${revision}&resourceVersionMatch=Exact`);
      assert.deepEqual(shown(items), shown(whole.body.items));
      assert.equal(new Set(items.map(({ metadata }) => metadata.name)).size, items.length);
      assert.equal(items.filter(({ metadata }) => metadata.name.startsWith("s-")).length, OBJECTS);
    }
    stop = true;
    const writes = (await Promise.all(writers)).reduce((a, b) => a + b, 0);
    assert.ok(writes > pagesSeen / 2, `${writes} writes during ${pagesSeen} pages`);
  });

  test("resourceVersion says how old an answer may be", async () => {
    const { body: made } = await rest.call("POST", PATH, { metadata: { name: "rv" }, data: { n: "0" } });
    const old = made.metadata.resourceVersion;
    await rest.call("PUT", `${PATH}/rv`, { metadata: { name: "rv" }, data: { n: "1" } });
    const listed = async (query: string) => {
      const { status, body } = await rest.call("GET", `${PATH}?fieldSelector=metadata.name%3Drv&${query}`, undefined, { replica: 1 });
      return status === 200 ? body.items[0]?.data.n : `${status} ${body.reason}`;
    };
    const table: [string, unknown][] = [
      ["", "1"],
      [`resourceVersion=${old}`, "1"],
      [`resourceVersion=${old}&resourceVersionMatch=NotOlderThan`, "1"],
      [`resourceVersion=${old}&resourceVersionMatch=Exact`, "0"],
      [`resourceVersion=${old}&limit=5`, "0"],
      ["resourceVersionMatch=Exact", "422 Invalid"],
      ["resourceVersion=0&resourceVersionMatch=Exact", "422 Invalid"],
      [`resourceVersion=${old}&resourceVersionMatch=Newest`, "422 Invalid"],
      ["resourceVersion=abc", "400 BadRequest"],
      ["resourceVersion=99999999", "504 Timeout"],
    ];
    for (const [query, expected] of table) assert.equal(await listed(query), expected, query);
  });

  test("what the store has forgotten is 410 Gone, with a way to go on", { skip: !hasEtcdctl() && "no etcdctl here" }, async () => {
    const first = (await rest.call("GET", `${PATH}?limit=10`)).body;
    await rest.call("POST", PATH, { metadata: { name: "zz-later" } });
    const { body } = await rest.call("GET", `${PATH}?resourceVersion=0`);
    const compacted = spawnSync("etcdctl", ["--endpoints", harness.storeUrl, "compaction", body.metadata.resourceVersion], {
      env: { ...process.env, ETCDCTL_API: "3" },
    });
    assert.equal(compacted.status, 0, String(compacted.stderr));
    const expired = await rest.call("GET", `${PATH}?limit=10&continue=${first.metadata.continue}`);
    assert.deepEqual([expired.status, expired.body.reason], [410, "Expired"]);
    const rest_ = await rest.call("GET", `${PATH}?continue=${expired.body.metadata.continue}`);
    const names = [...first.items, ...rest_.body.items].map(({ metadata }) => metadata.name);
    assert.ok(names.includes("zz-later") && new Set(names).size === names.length);
    const exact = await rest.call("GET", `${PATH}?resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`);
    assert.deepEqual([exact.status, exact.body.message], [410, "The resourceVersion for the provided list is too old."]);
    await harness.restart(0);
    const { events } = await rest.watch(`${PATH}?watch=1&resourceVersion=1`, (got) => got.length > 0);
    assert.deepEqual([events[0]!.type, events[0]!.object.code, events[0]!.object.reason], ["ERROR", 410, "Expired"]);
  });
});
