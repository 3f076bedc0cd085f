import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@flotilla/base";
import { parseEncryptionConfig } from "./config.ts";
import { Transformer } from "./transformer.ts";

const random = seededRandom(1);
const key = (fill: number, bytes = 32) => Buffer.alloc(bytes, fill).toString("base64");
const homes: Record<string, { group: string; resource: string }> = {
  secrets: { group: "", resource: "secrets" },
  deployments: { group: "apps", resource: "deployments" },
  "example.com.widgets": { group: "example.com", resource: "widgets" },
};
const homeOf = (folder: string) => homes[folder]!;
const config = (resources: string[], ...providers: unknown[]) =>
  JSON.stringify({ kind: "EncryptionConfiguration", apiVersion: "apiserver.config.k8s.io/v1", resources: [{ resources, providers }] });
const aesgcm = (...keys: [string, number][]) => ({ aesgcm: { keys: keys.map(([name, fill]) => ({ name, secret: key(fill) })) } });
const identity = { identity: {} };
const transformer = (text: string) => new Transformer(parseEncryptionConfig(text, random), homeOf);
const KEY = "/registry/secrets/default/a";
const VALUE = Buffer.from('{"kind":"Secret"}');

test("the first key writes, every key reads, and what another wrote is stale", () => {
  const first = transformer(config(["secrets"], aesgcm(["key1", 1]), identity));
  const sealed = first.seal("secrets", KEY, VALUE);
  assert.match(sealed.toString("latin1"), /^k8s:enc:aesgcm:v1:key1:/);
  assert.ok(!sealed.includes("Secret"));
  assert.deepEqual(first.open("secrets", KEY, sealed), { value: VALUE, stale: false });
  assert.deepEqual(first.open("secrets", KEY, VALUE), { value: VALUE, stale: true });

  const rotated = transformer(config(["secrets"], aesgcm(["key2", 2], ["key1", 1]), identity));
  assert.deepEqual(rotated.open("secrets", KEY, sealed), { value: VALUE, stale: true });
  assert.match(rotated.seal("secrets", KEY, VALUE).toString("latin1"), /^k8s:enc:aesgcm:v1:key2:/);

  const decrypting = transformer(config(["secrets"], identity, aesgcm(["key1", 1])));
  assert.deepEqual(decrypting.open("secrets", KEY, sealed), { value: VALUE, stale: true });
  assert.deepEqual(decrypting.seal("secrets", KEY, VALUE), VALUE);
});

test("a value opens only where it was written, unchanged, with its key", () => {
  const first = transformer(config(["secrets"], aesgcm(["key1", 1])));
  const sealed = first.seal("secrets", KEY, VALUE);
  const changed = Buffer.from(sealed);
  changed[changed.length - 1]! ^= 1;
  const otherKey = transformer(config(["secrets"], aesgcm(["key1", 9])));
  const none = transformer(config(["secrets"], identity));
  assert.throws(() => first.open("secrets", "/registry/secrets/default/b", sealed), /unable to transform key/);
  assert.throws(() => first.open("secrets", KEY, changed), /unable to transform key/);
  assert.throws(() => first.open("secrets", KEY, VALUE), /no matching prefix found/);
  assert.throws(() => otherKey.open("secrets", KEY, sealed), /unable to transform key/);
  assert.throws(() => none.open("secrets", KEY, sealed), /identity transformer tried to read encrypted data/);
});

test("resources are named one by one, by group, or all", () => {
  const sealedBy = (resources: string[]) =>
    Object.keys(homes).filter((folder) => transformer(config(resources, aesgcm(["k", 1]))).seal(folder, KEY, VALUE) !== VALUE);
  assert.deepEqual(sealedBy(["secrets"]), ["secrets"]);
  assert.deepEqual(sealedBy(["*."]), ["secrets"]);
  assert.deepEqual(sealedBy(["*.apps", "widgets.example.com"]), ["deployments", "example.com.widgets"]);
  assert.deepEqual(sealedBy(["*.*"]), Object.keys(homes));
});

test("a key's name may be in any language", () => {
  const named = transformer(config(["secrets"], aesgcm(["ключ", 1]), identity));
  assert.deepEqual(named.open("secrets", KEY, named.seal("secrets", KEY, VALUE)), { value: VALUE, stale: false });
  assert.throws(
    () => parseEncryptionConfig(config(["secrets"], { constructor: { keys: [{ name: "k", secret: key(1) }] } }), random),
    /Unsupported value/,
  );
});

test("cipher block chaining reads what older clusters wrote", () => {
  const cbc = transformer(config(["secrets"], { aescbc: { keys: [{ name: "k", secret: key(3) }] } }));
  assert.deepEqual(cbc.open("secrets", KEY, cbc.seal("secrets", KEY, VALUE)).value, VALUE);
});

test("a wrong configuration names its field and no secret", () => {
  const wrong: [string, RegExp][] = [
    ["{}", /no kind/],
    [config([], identity), /resources\[0\]\.resources: Required/],
    [config(["*"], identity), /use '\*\.'/],
    [config(["secrets", "secrets"], identity), /multiple times/],
    [config(["secrets"], {}), /exactly one provider/],
    [config(["secrets"], { rot13: {} }), /Unsupported value: "rot13"/],
    [config(["secrets"], { aesgcm: { keys: [{ name: "a:b", secret: key(1) }] } }), /must not contain ':'/],
    [
      config(["secrets"], { aesgcm: { keys: [{ name: "k", secret: key(1, 5) }] } }),
      /"REDACTED": secret is not of the expected length, got 5/,
    ],
  ];
  for (const [text, message] of wrong) assert.throws(() => parseEncryptionConfig(text, random), message, text);
});
