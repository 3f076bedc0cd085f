/** A lean etcd client for tests and measurements: it must cost less than what it measures. */
import type { ClientHttp2Session, SecureClientSessionOptions } from "node:http2";
import { dial, unary } from "../grpc/client.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";

export class StoreClient {
  private connection: ReturnType<typeof dial> | undefined;
  private up: Promise<void> | undefined;
  readonly url: string;
  private readonly tls: SecureClientSessionOptions | undefined;

  constructor(url: string, tls?: SecureClientSessionOptions) {
    this.url = url;
    this.tls = tls;
  }

  /** @throws when the member cannot be reached or answers with an error. */
  async put(key: string, value: string): Promise<void> {
    await this.call("/etcdserverpb.KV/Put", new Writer(value.length + 64).latin1(0x0a, key).latin1(0x12, value).finish());
  }

  async get(key: string, end = "", serializable = false): Promise<Buffer> {
    const w = new Writer().latin1(0x0a, key).latin1(0x12, end).bool(0x38, serializable);
    return this.call("/etcdserverpb.KV/Range", w.finish());
  }

  /** The value of one key; undefined when it is not there. */
  async value(key: string, serializable = false): Promise<string | undefined> {
    const r = new Reader(await this.get(key, "", serializable));
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag !== 0x12) {
        r.skip(tag);
        continue;
      }
      const kv = r.message();
      for (let field = kv.tag(); field !== 0; field = kv.tag()) {
        if (field === 0x2a) return kv.latin1();
        kv.skip(field);
      }
      return "";
    }
    return undefined;
  }

  /** Does this member lead? */
  async leads(): Promise<boolean> {
    const r = new Reader(await this.call("/etcdserverpb.Maintenance/Status", Buffer.alloc(0)));
    let leader = "0";
    let self = "0";
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === 0x0a) {
        const header = r.message();
        for (let field = header.tag(); field !== 0; field = header.tag()) {
          if (field === 0x10) self = header.uid();
          else header.skip(field);
        }
      } else if (tag === 0x20) leader = r.uid();
      else r.skip(tag);
    }
    return leader !== "0" && leader === self;
  }

  /** Checksum of all that is visible, to compare members. */
  async hash(): Promise<number> {
    const r = new Reader(await this.call("/etcdserverpb.Maintenance/HashKV", Buffer.alloc(0)));
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === 0x10) return r.int();
      r.skip(tag);
    }
    return 0;
  }

  async call(path: string, request: Uint8Array): Promise<Buffer> {
    return unary(await this.session(), path, request);
  }

  /** The connection, made when there is none, for streams. */
  async session(): Promise<ClientHttp2Session> {
    return (await this.connect()).session;
  }

  close(): void {
    this.connection?.close();
    this.connection = undefined;
  }

  private async connect(): Promise<ReturnType<typeof dial>> {
    if (!this.connection) {
      this.up = new Promise((resolve, reject) => {
        const connection = dial(this.url, this.tls, resolve, (error) => {
          if (this.connection === connection) this.connection = undefined;
          reject(error ?? new Error("connection closed"));
        });
        this.connection = connection;
      });
      this.up.catch(() => {});
    }
    const { connection } = this;
    await this.up;
    return connection!;
  }
}

/** Waits until one of the members leads; returns its place. */
export async function waitForLeader(clients: readonly StoreClient[], timeout_ms = 60_000): Promise<number> {
  const until = performance.now() + timeout_ms;
  for (;;) {
    for (const [i, c] of clients.entries()) if (await c.leads().catch(() => false)) return i;
    if (performance.now() > until) throw new Error("no leader");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
