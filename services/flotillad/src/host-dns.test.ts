import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "dns-packet";
import { failure, nameServers } from "./host-dns.ts";

test("name servers of resolv.conf", () => {
  const text = "# comment\nsearch a b\nnameserver 10.0.0.1\n  nameserver fd00::1  \n#nameserver 1.2.3.4\nnameserver bad host\n";
  assert.deepEqual(nameServers(text), ["10.0.0.1", "fd00::1"]);
});

test("a failure answers the same question with SERVFAIL", () => {
  const question = encode({ type: "query", id: 77, questions: [{ type: "A", name: "example.com" }] });
  const answer = decode(failure(question)) as any;
  assert.equal(answer.type, "response");
  assert.equal(answer.id, 77);
  assert.equal(answer.rcode, "SERVFAIL");
  assert.equal(answer.questions[0].name, "example.com");
});
