import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppendReply, Message } from "@flotilla/raft";
import { Outbox, withoutSuperseded } from "./outbox.ts";

const ack = (to: number, index: number, more: Partial<AppendReply> = {}): Message => ({
  type: "append-reply",
  from: 9,
  to,
  term: 4,
  index,
  rejected: false,
  hintIndex: 0,
  hintTerm: 0,
  ...more,
});
const beat: Message = { type: "heartbeat-reply", from: 9, to: 1, term: 4, readRound: 1 };

test("an answer that the next one includes is left out, and nothing else", () => {
  const cases: [Message[], Message[]][] = [
    [[], []],
    [[ack(1, 5)], [ack(1, 5)]],
    [
      [ack(1, 5), beat, ack(1, 7)],
      [beat, ack(1, 7)],
    ],
    [[ack(1, 5), ack(1, 5)], [ack(1, 5)]],
    [
      [ack(1, 5), ack(2, 7)],
      [ack(1, 5), ack(2, 7)],
    ],
    [
      [ack(1, 5), ack(1, 7, { term: 5 })],
      [ack(1, 5), ack(1, 7, { term: 5 })],
    ],
    [
      [ack(1, 5), ack(1, 7, { rejected: true })],
      [ack(1, 5), ack(1, 7, { rejected: true })],
    ],
    [
      [ack(1, 7), ack(1, 5)],
      [ack(1, 7), ack(1, 5)],
    ],
  ];
  for (const [given, expected] of cases) assert.deepEqual(withoutSuperseded(given), expected);
});

test("what one turn says leaves together, at its end or when it is asked for", async () => {
  const sent: number[] = [];
  const outbox = new Outbox((messages) => sent.push(messages.length));
  outbox.add([beat]);
  outbox.add([beat, ack(1, 1)]);
  assert.deepEqual(sent, []);
  await Promise.resolve();
  assert.deepEqual(sent, [3]);
  outbox.add([beat]);
  outbox.flush();
  assert.deepEqual(sent, [3, 1]);
  await Promise.resolve();
  assert.deepEqual(sent, [3, 1]);
});
