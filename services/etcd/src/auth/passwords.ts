import { scrypt, timingSafeEqual } from "node:crypto";
import type { Random } from "@flotilla/base";
import { rpcError } from "../node/errors.ts";

const SALT_BYTES = 16;
const KEY_BYTES = 32;
const BLOCK_SIZE = 8;
/** scrypt's N for `--bcrypt-cost` c is 2^(c + 4): the default of 10 costs what bcrypt's would, some 50 ms. */
const COST_OFFSET = 4;
/** Waiting for a hash; each takes a thread that the disk needs as well. */
const WAITING_MAX = 64;

/**
 * Password hashes (scrypt, RFC 7914) as `scrypt$cost$salt$key`. One at a time:
 * guessing passwords must not keep the log from the disk.
 */
export class Passwords {
  private readonly random: Random;
  private readonly cost: number;
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(random: Random, cost: number) {
    this.random = random;
    this.cost = cost;
  }

  async hash(password: string): Promise<string> {
    const salt = Buffer.from(this.random.bytes(SALT_BYTES));
    const key = await this.derive(password, salt, this.cost);
    return ["scrypt", this.cost, salt.toString("base64"), key.toString("base64")].join("$");
  }

  async matches(password: string, hash: string): Promise<boolean> {
    const [scheme, cost, salt, key] = hash.split("$");
    if (scheme !== "scrypt" || !salt || !key) return false;
    return timingSafeEqual(await this.derive(password, Buffer.from(salt, "base64"), Number(cost)), Buffer.from(key, "base64"));
  }

  private derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
    if (this.waiting >= WAITING_MAX) return Promise.reject(rpcError("tooManyRequests"));
    this.waiting++;
    const N = 2 ** (cost + COST_OFFSET);
    const options = { N, r: BLOCK_SIZE, p: 1, maxmem: 256 * N * BLOCK_SIZE };
    const run = () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(password, salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
      });
    const result = this.last.then(run, run);
    this.last = result.catch(() => {}).finally(() => this.waiting--);
    return result;
  }
}
