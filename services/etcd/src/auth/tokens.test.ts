import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { seededRandom } from "@flotilla/base";
import { FakeClock } from "@flotilla/testing/sim/clock.ts";
import { JwtTokens } from "./jwt.ts";
import { Passwords } from "./passwords.ts";
import { parseTokenSpec } from "./provider.ts";
import { readSigned, sign } from "./signed.ts";
import { SimpleTokens, tokenIndex, tokenPrefix } from "./simple-tokens.ts";

test("a simple token lives on while it is used, and ends with its user", () => {
  const clock = new FakeClock();
  const tokens = new SimpleTokens(clock, 300);
  const prefix = tokenPrefix(seededRandom(1));
  assert.match(prefix, /^[a-zA-Z]{16}$/);
  tokens.assign(`${prefix}.7`, "alice");
  tokens.assign("other.8", "bob");
  assert.equal(tokenIndex(`${prefix}.7`), 7);
  assert.ok(Number.isNaN(tokenIndex("header.body.signature")));
  for (let i = 0; i < 3; i++) {
    clock.advance(299_000);
    assert.deepEqual(tokens.verify(`${prefix}.7`, 5), { user: "alice", revision: 5 });
  }
  assert.equal(tokens.verify("other.8", 5), undefined, "not used, so over");
  assert.equal(tokens.verify("guess.7", 5), undefined);
  tokens.invalidateUser("alice");
  assert.equal(tokens.verify(`${prefix}.7`, 5), undefined);
});

const pem = (key: { export(o: object): string | Buffer }, type: string) => Buffer.from(key.export({ type, format: "pem" }));
const pair = (p: ReturnType<typeof generateKeyPairSync>) => ({
  publicKey: pem(p.publicKey as never, "spki"),
  privateKey: pem(p.privateKey as never, "pkcs8"),
});
const rsa = pair(generateKeyPairSync("rsa", { modulusLength: 2048 }));
const KEYS: Record<string, { publicKey: Buffer | undefined; privateKey: Buffer }> = {
  RS256: rsa,
  PS384: rsa,
  ES256: pair(generateKeyPairSync("ec", { namedCurve: "P-256" })),
  EdDSA: pair(generateKeyPairSync("ed25519")),
  HS512: { publicKey: undefined, privateKey: Buffer.from("a secret of some length") },
};

for (const [method, keys] of Object.entries(KEYS)) {
  test(`${method} tokens say who and since when, and cannot be changed`, () => {
    const clock = new FakeClock();
    const tokens = new JwtTokens(clock, { ...keys, method, ttl_ms: 60_000 });
    const token = tokens.issue({ user: "alice", revision: 9 });
    assert.deepEqual(tokens.verify(token), { user: "alice", revision: 9 });
    const [head, , signature] = token.split(".");
    const forged = Buffer.from(JSON.stringify({ username: "root", revision: 9, exp: 9e9 })).toString("base64url");
    const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
    for (const wrong of [
      `${head}.${forged}.${signature}`,
      `${none}.${forged}.`,
      `${none}.${forged}.${signature}`,
      "x",
      "a.b.c",
      `${token}.x`,
    ]) {
      assert.equal(tokens.verify(wrong), undefined, wrong);
    }
    clock.advance(61_000);
    assert.equal(tokens.verify(token), undefined, "its time is over");
  });
}

test("a member with the public key alone checks tokens but gives out none", () => {
  const clock = new FakeClock();
  const whole = new JwtTokens(clock, { ...rsa, method: "RS256", ttl_ms: 60_000 });
  const half = new JwtTokens(clock, { publicKey: rsa.publicKey, privateKey: undefined, method: "RS256", ttl_ms: 60_000 });
  assert.deepEqual(half.verify(whole.issue({ user: "a", revision: 1 })), { user: "a", revision: 1 });
  assert.throws(() => half.issue({ user: "a", revision: 1 }), /priv-key/);
});

test("--auth-token is read as etcd reads it", () => {
  assert.deepEqual(parseTokenSpec("simple"), { kind: "simple" });
  assert.deepEqual(parseTokenSpec("jwt,pub-key=a,priv-key=b,sign-method=RS256,ttl=10m"), {
    kind: "jwt",
    method: "RS256",
    ttl_ms: 600_000,
    publicKeyFile: "a",
    privateKeyFile: "b",
  });
  for (const wrong of ["magic", "jwt", "jwt,sign-method=RS256,x=1", "jwt,sign-method=RS256,ttl=x", "jwt,sign-method=a,sign-method=b"]) {
    assert.throws(() => parseTokenSpec(wrong), /--auth-token/, wrong);
  }
});

test("a password matches its own hash alone", async () => {
  const passwords = new Passwords(seededRandom(1), 4);
  const [a, b] = [await passwords.hash("secret"), await passwords.hash("secret")];
  assert.notEqual(a, b, "salted");
  assert.deepEqual(await Promise.all([a, b, "", "$2a$10$abc"].map((h) => passwords.matches("secret", h))), [true, true, false, false]);
  assert.equal(await passwords.matches("Secret", a), false);
});

test("a signed command keeps who asked, and what for", () => {
  const who = { user: "ällice", revision: 2 ** 40 };
  assert.deepEqual(readSigned(sign(who, "put", Buffer.from([1, 2, 3]))), { kind: "put", who, payload: Buffer.from([1, 2, 3]) });
});
