import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { hasRealEtcd } from "./etcd.ts";
import { Harness } from "./harness.ts";
import { Rest } from "./rest.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  metadata: { name, labels },
  data,
});

for (const store of ["ours", "etcd"] as const) {
  describe(`the past, on ${store === "etcd" ? "a real etcd" : "our store"}`, {
    skip: store === "etcd" && !hasRealEtcd() && "no etcd here",
  }, () => {
    const harness = new Harness({ store });
    let rest: Rest;
    before(async () => {
      await harness.start(2);
      rest = new Rest(harness);
    });
    after(() => {
      rest?.close();
      harness.stop();
    });

    test("a server killed in mid-watch costs its client a reconnect elsewhere", async () => {
      const first = await rest.call("POST", PATH, configMap("a"));
      const seen = Number(first.body.metadata.resourceVersion);
      await rest.call("PUT", `${PATH}/a`, configMap("a", { n: "1" }));
      await rest.call("POST", PATH, configMap("b"));
      await rest.call("DELETE", `${PATH}/a`);
      for (const replica of [0, 1]) {
        const { events } = await rest.watch(`${PATH}?watch=1&resourceVersion=${seen}`, (got) => got.length >= 3, replica);
        assert.deepEqual(
          events.map(({ type, object }) => `${type} ${object.metadata.name} ${object.data?.n ?? ""}`),
          ["MODIFIED a 1", "ADDED b ", "DELETED a 1"],
        );
      }
    });

    test("a replica that started later answers watches and lists of before", async () => {
      const made = await rest.call("POST", PATH, configMap("old", { n: "0" }, { app: "x" }));
      const at = made.body.metadata.resourceVersion;
      for (let n = 1; n <= 3; n++) await rest.call("PUT", `${PATH}/old`, configMap("old", { n: String(n) }, n === 2 ? {} : { app: "x" }));
      await harness.restart(1);
      const { events } = await rest.watch(`${PATH}?watch=1&resourceVersion=${at}`, (got) => got.length >= 3, 1);
      assert.deepEqual(
        events.map(({ type, object }) => `${type} ${object.data.n}`),
        ["MODIFIED 1", "MODIFIED 2", "MODIFIED 3"],
      );
      const selected = await rest.watch(`${PATH}?watch=1&resourceVersion=${at}&labelSelector=app%3Dx`, (got) => got.length >= 3, 1);
      assert.deepEqual(
        selected.events.map(({ type, object }) => `${type} ${object.data.n}`),
        // What ceases to match goes as it was when it still did.
        ["MODIFIED 1", "DELETED 1", "ADDED 3"],
      );
      const list = await rest.call("GET", `${PATH}?resourceVersion=${at}&resourceVersionMatch=Exact`, undefined, { replica: 1 });
      assert.equal(list.body.items.find((item: any) => item.metadata.name === "old").data.n, "0");
      assert.equal(list.body.metadata.resourceVersion, at);
    });
  });
}
