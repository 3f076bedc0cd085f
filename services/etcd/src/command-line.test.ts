import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlags } from "@flotilla/process/flags.ts";
import { parse } from "yaml";
import { commandLine, flagsFromFile } from "./command-line.ts";
import { configOf } from "./config.ts";
import { FLAGS } from "./options.ts";

const run = (line: string, env: Record<string, string> = {}) => commandLine(line.split(" ").filter(Boolean), env);

async function config(line: string, env: Record<string, string> = {}) {
  const result = await run(line, env);
  assert.ok("argv" in result, JSON.stringify(result));
  return configOf(parseFlags(FLAGS, result.argv));
}

test("flags come with one dash or two, from the environment, and the command line counts more", async () => {
  assert.equal((await config("-name a --data-dir=/d")).name, "a");
  assert.equal((await config("", { ETCD_NAME: "b", ETCD_PORT_2379_TCP: "x" })).name, "b");
  const both = await config("--name a", { ETCD_NAME: "b", ETCD_LISTEN_CLIENT_URLS: "http://h:1,http://h:2", ETCD_CLIENT_CERT_AUTH: "" });
  assert.deepEqual([both.name, both.listenClientUrls], ["a", ["http://h:1", "http://h:2"]]);
  assert.deepEqual((await config("--listen-client-urls http://h:3", { ETCD_LISTEN_CLIENT_URLS: "http://h:1" })).listenClientUrls, [
    "http://h:3",
  ]);
});

test("wrong flags are refused in etcd's words", async () => {
  const cases: [string, number, RegExp][] = [
    ["--foo", 2, /^flag provided but not defined: -foo\n/],
    ["-foo=1", 2, /^flag provided but not defined: -foo\n/],
    ["foo", 1, /^error verifying flags, 'foo' is not a valid flag. See 'etcd --help'.\n$/],
    ["--name a foo", 1, /'foo' is not a valid flag/],
    ["--version", 0, /^etcd Version: 3\.5\.\d+\n/],
    ["--config-file /nowhere", 1, /^error loading configuration file: ENOENT/],
  ];
  for (const [line, exit, text] of cases) {
    const result = await run(line);
    assert.ok("exit" in result, line);
    assert.equal(result.exit, exit, line);
    assert.match(result.text, text, line);
  }
});

test("what the flags mean together is checked in etcd's words", async () => {
  const cases: [string, RegExp][] = [
    ["--election-timeout 10", /--election-timeout\[10ms\] should be at least as 5 times as --heartbeat-interval\[100ms\]/],
    ["--initial-cluster-state old", /--initial-cluster-state/],
    ["--auto-compaction-mode never", /--auto-compaction-mode/],
    ["--bcrypt-cost 3", /--bcrypt-cost/],
    ["--auth-token magic", /--auth-token/],
    ["--listen-client-urls nonsense", /is not a URL to listen on/],
  ];
  for (const [line, message] of cases) await assert.rejects(config(line), message, line);
});

test("a configuration file has the flags' names, with the certificates in sections", async () => {
  const text = `
name: m1
snapshot-count: 5000
listen-client-urls: http://a:1,http://b:2
proxy: 'off'
client-transport-security:
  cert-file: server.crt
  client-cert-auth: true
peer-transport-security:
  cert-file: peer.crt
`;
  assert.deepEqual(flagsFromFile(parse(text)), [
    "--name=m1",
    "--snapshot-count=5000",
    "--listen-client-urls=http://a:1,http://b:2",
    "--cert-file=server.crt",
    "--client-cert-auth=true",
    "--peer-cert-file=peer.crt",
  ]);
  assert.deepEqual(flagsFromFile(parse("")), []);
  assert.throws(() => flagsFromFile(["a", "b"]), /not a map/);
});
