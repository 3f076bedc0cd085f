import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { candidates, formatAddress, gatewayOf, parseAddress, parseSubnet } from "./builtin/addresses.ts";
import { bridgeSupports } from "./builtin/bridge.ts";
import { release, reserve } from "./builtin/host-local.ts";
import { loadNetwork, parseNetwork } from "./conflist.ts";
import { createPodNetwork, pluginInput } from "./network.ts";
import type { Attachment } from "./types.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "flotilla-cni-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const attachment = (containerId = "c1"): Attachment => ({
  containerId,
  netns: "/proc/1/ns/net",
  ifName: "eth0",
  args: { IgnoreUnknown: "1", K8S_POD_NAME: "web" },
  capabilityArgs: { portMappings: [{ hostPort: 80 }], bandwidth: {} },
});

test("the first file by name is the network; one plug-in's configuration is a list of one", async () => {
  writeFileSync(join(dir, "20-b.conflist"), '{"cniVersion":"1.0.0","name":"b","plugins":[{"type":"bridge"}]}');
  writeFileSync(join(dir, "10-a.conf"), '{"cniVersion":"0.4.0","name":"a","type":"ptp"}');
  writeFileSync(join(dir, "00-readme.txt"), "not one");
  assert.equal((await loadNetwork(dir))?.name, "a");
  assert.deepEqual(
    (await loadNetwork(dir))?.plugins.map((p) => p.type),
    ["ptp"],
  );
  assert.equal(await loadNetwork(join(dir, "none")), undefined);
});

test("a wrong configuration says what is wrong with it", async () => {
  for (const [value, why] of [
    [{}, "it has no name"],
    [{ name: "a", plugins: [] }, "it lists no plugins"],
    [{ name: "a", plugins: [{}] }, "a plugin has no type"],
  ] as const) {
    assert.throws(() => parseNetwork(value), { message: why });
  }
  writeFileSync(join(dir, "1.conflist"), "{");
  await assert.rejects(loadNetwork(dir), /CNI configuration .*1\.conflist: /);
});

test("a plug-in gets its configuration, the list's name, the previous result and what it asked for", () => {
  const list = { cniVersion: "1.0.0", name: "n", plugins: [] };
  const input = pluginInput(list, { type: "portmap", capabilities: { portMappings: true } }, attachment(), { ips: [] });
  assert.deepEqual(input, {
    type: "portmap",
    cniVersion: "1.0.0",
    name: "n",
    runtimeConfig: { portMappings: [{ hostPort: 80 }] },
    prevResult: { ips: [] },
  });
});

/** Plug-ins as shell scripts: they record how they are called. */
function scriptNetwork(scripts: Record<string, string>) {
  mkdirSync(join(dir, "bin"));
  mkdirSync(join(dir, "conf"));
  const plugins = Object.keys(scripts).map((type) => ({ type }));
  writeFileSync(join(dir, "conf/1.conflist"), JSON.stringify({ cniVersion: "1.0.0", name: "n", plugins }));
  for (const [type, body] of Object.entries(scripts)) {
    writeFileSync(
      join(dir, "bin", type),
      `#!/bin/sh\necho "$CNI_COMMAND ${type} $CNI_IFNAME $CNI_ARGS" >> ${dir}/calls\ncat >> ${dir}/input; echo >> ${dir}/input\n${body}\n`,
    );
    chmodSync(join(dir, "bin", type), 0o755);
  }
  return createPodNetwork({ confDir: join(dir, "conf"), binDirs: [join(dir, "bin")], builtin: {} });
}
const calls = () =>
  readFileSync(join(dir, "calls"), "utf8")
    .trim()
    .split("\n")
    .map((l) => l.split(" ").slice(0, 2).join(" "));

test("ADD runs the chain in order, DEL backwards; the last result has the addresses", async () => {
  const result = (address: string) =>
    `[ $CNI_COMMAND = DEL ] || echo '{"cniVersion":"1.0.0","interfaces":[{"name":"veth2"},{"name":"eth0","sandbox":"/x"}],"ips":[{"address":"${address}"}]}'`;
  const network = scriptNetwork({ one: result("10.0.0.1/24"), two: result("10.0.0.2/24") });
  assert.equal(await network.problem(), undefined);
  assert.deepEqual(await network.add(attachment()), { ips: ["10.0.0.2"], hostInterfaces: ["veth2"] });
  await network.remove(attachment());
  assert.deepEqual(calls(), ["ADD one", "ADD two", "DEL two", "DEL one"]);
  assert.match(readFileSync(join(dir, "calls"), "utf8"), /eth0 IgnoreUnknown=1;K8S_POD_NAME=web/);
  assert.match(
    readFileSync(join(dir, "input"), "utf8"),
    /"prevResult":\{"cniVersion":"1\.0\.0",.*"ips":\[\{"address":"10\.0\.0\.1\/24"\}\]\}/,
  );
});

test("a failed ADD is undone and carries the plug-in's words", async () => {
  const fail = `[ $CNI_COMMAND = DEL ] && exit 0; echo '{"code":7,"msg":"no address","details":"all taken"}'; exit 1`;
  const network = scriptNetwork({ one: "true", two: fail });
  await assert.rejects(
    network.add(attachment()),
    /failed to set up sandbox network: plugin type="two" failed \(add\): no address; all taken/,
  );
  assert.deepEqual(calls(), ["ADD one", "ADD two", "DEL two", "DEL one"]);
});

test("without configuration or plug-in the network is not ready, and says why", async () => {
  const network = createPodNetwork({ confDir: dir, binDirs: ["/nowhere"], builtin: {} });
  assert.match((await network.problem())!, /cni plugin not initialized: no network configuration/);
  writeFileSync(join(dir, "1.conf"), '{"name":"a","type":"mystery"}');
  assert.match((await network.problem())!, /failed to find plugin "mystery" in path \[\/nowhere\]/);
  await assert.rejects(network.add(attachment()), /failed to find plugin "mystery"/);
});

test("addresses: parsed, formatted, gone through once around", () => {
  const subnet = parseSubnet("10.244.3.77/29");
  assert.equal(formatAddress(subnet.base), "10.244.3.72");
  assert.equal(gatewayOf(subnet), "10.244.3.73");
  const from = (last?: string) =>
    [...candidates(subnet, last ? parseAddress(last) : undefined)].map(formatAddress).map((a) => a.split(".")[3]);
  assert.deepEqual(from(), ["74", "75", "76", "77", "78"]);
  assert.deepEqual(from("10.244.3.76"), ["77", "78", "74", "75", "76"]);
  assert.deepEqual(from("10.244.3.78"), ["74", "75", "76", "77", "78"]);
  for (const wrong of ["10.0.0.0", "10.0.0.0/31", "256.0.0.0/8", "::/64"]) assert.throws(() => parseSubnet(wrong), /invalid IPv4 subnet/);
});

test("host-local: no address twice, freed ones come back, a full range is an error", () => {
  const conf = { type: "bridge", name: "n", ipam: { ranges: [[{ subnet: "10.1.0.0/29" }]], dataDir: dir } };
  const got = ["a", "b", "c", "d", "e"].map((id) => reserve(conf, attachment(id)));
  assert.deepEqual(
    got.map((l) => l.address),
    ["10.1.0.2/29", "10.1.0.3/29", "10.1.0.4/29", "10.1.0.5/29", "10.1.0.6/29"],
  );
  assert.ok(got.every((l) => l.gateway === "10.1.0.1"));
  assert.throws(() => reserve(conf, attachment("f")), /no IP addresses available/);
  release(conf, attachment("c"));
  release(conf, attachment("c"));
  assert.ok(!existsSync(join(dir, "n/10.1.0.4")));
  assert.equal(reserve(conf, attachment("g")).address, "10.1.0.4/29");
});

test("the built-in bridge leaves what it does not understand to the real plug-in", () => {
  const ipam = { type: "host-local", ranges: [[{ subnet: "10.1.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }] };
  const base = { type: "bridge", bridge: "cni0", isGateway: true, ipam };
  for (const [conf, supported] of [
    [base, true],
    [{ ...base, ipMasq: false }, true],
    [{ ...base, ipMasq: true }, false],
    [{ ...base, vlan: 5 }, false],
    [{ ...base, ipam: { ...ipam, type: "dhcp" } }, false],
    [{ ...base, ipam: { ...ipam, ranges: [[{ subnet: "fd00::/64" }]] } }, false],
    [{ ...base, ipam: { ...ipam, ranges: [...ipam.ranges, ...ipam.ranges] } }, false],
    [{ ...base, ipam: { ...ipam, routes: [{ dst: "10.0.0.0/8", gw: "10.1.0.9" }] } }, false],
  ] as const) {
    assert.equal(bridgeSupports(conf as never), supported, JSON.stringify(conf));
  }
});
