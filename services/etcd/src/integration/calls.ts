/** Calls through the general gRPC library, as promises. */

import assert from "node:assert/strict";
import * as rpc from "@flotilla/rpc/gen/etcd/rpc.ts";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { ERRORS } from "../node/errors.ts";

export const b = (text: string) => Buffer.from(text);
export type Method<Q, R> = (request: Q, callback: (error: ServiceError | null, response: R) => void) => { cancel(): void };
export function ask<Q, R>(self: object, method: Method<Q, R>, request: Q): Promise<R> & { cancel: () => void } {
  let cancel = () => {};
  const promise = new Promise<R>((resolve, reject) => {
    const call = method.call(self, request, (error, response) => (error ? reject(error) : resolve(response)));
    cancel = () => call.cancel();
  });
  return Object.assign(promise, { cancel });
}
export const refused = (run: Promise<unknown>, name: keyof typeof ERRORS) =>
  assert.rejects(run, (e: ServiceError) => {
    assert.deepEqual([e.code, e.details], [...ERRORS[name]]);
    return true;
  });
export const put = async (kv: rpc.KVClient, key: string, value: string, lease = "0") =>
  (await ask(kv, kv.put as Method<rpc.PutRequest, rpc.PutResponse>, rpc.PutRequest.create({ key: b(key), value: b(value), lease }))).header!
    .revision;
export const range = (kv: rpc.KVClient, over: Partial<rpc.RangeRequest>) =>
  ask(kv, kv.range as Method<rpc.RangeRequest, rpc.RangeResponse>, rpc.RangeRequest.create(over));
export const keysOf = (r: rpc.RangeResponse) => r.kvs.map((kv) => kv.key.toString());

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** Clients of one member, closed together. */
export class Clients {
  readonly address: string;
  private readonly open: { close(): void }[] = [];

  constructor(url: string) {
    this.address = new URL(url).host;
  }

  of<T extends { close(): void }>(Client: new (address: string, c: ReturnType<typeof credentials.createInsecure>) => T): T {
    const c = new Client(this.address, credentials.createInsecure());
    this.open.push(c);
    return c;
  }

  close(): void {
    for (const c of this.open) c.close();
  }
}
