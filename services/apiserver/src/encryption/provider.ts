import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "@flotilla/base";

/** One way to keep a value secret. `context` is the value's key in the store: a value moved to another key does not open. */
export interface Provider {
  /** What stands before each value that it wrote: "k8s:enc:aesgcm:v1:key1:". "" for plain values. */
  readonly prefix: string;
  seal(value: Buffer, context: Buffer): Buffer;
  /** `sealed` without the prefix. @throws Error when it was changed, or another key wrote it. */
  open(sealed: Buffer, context: Buffer): Buffer;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BLOCK_BYTES = 16;
/** What every provider's prefix begins with. */
export const SEALED = Buffer.from("k8s:enc:");

/** AES in Galois/counter mode: nonce, ciphertext, tag, as upstream lays them out (value/encrypt/aes). Keys of 16, 24 or 32 bytes. */
export function aesGcm(name: string, key: Buffer, random: Random): Provider {
  const algorithm = `aes-${key.length * 8}-gcm` as "aes-256-gcm";
  return {
    prefix: `k8s:enc:aesgcm:v1:${name}:`,
    seal(value, context) {
      const nonce = random.bytes(NONCE_BYTES);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(context);
      const head = cipher.update(value);
      const tail = cipher.final();
      return Buffer.concat([nonce, head, tail, cipher.getAuthTag()]);
    },
    open(sealed, context) {
      if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new Error("the stored data was shorter than the required size");
      const end = sealed.length - TAG_BYTES;
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(context).setAuthTag(sealed.subarray(end));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()]);
    },
  };
}

/** AES in cipher block chaining with PKCS#7 padding: for data that older clusters wrote. It does not notice changes. */
export function aesCbc(name: string, key: Buffer, random: Random): Provider {
  const algorithm = `aes-${key.length * 8}-cbc`;
  return {
    prefix: `k8s:enc:aescbc:v1:${name}:`,
    seal(value) {
      const iv = random.bytes(BLOCK_BYTES);
      const cipher = createCipheriv(algorithm, key, iv);
      return Buffer.concat([iv, cipher.update(value), cipher.final()]);
    },
    open(sealed) {
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, BLOCK_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(BLOCK_BYTES)), decipher.final()]);
    },
  };
}

/** Plain values. As the only provider it says so when it meets a sealed one, instead of serving it. */
export const IDENTITY: Provider = {
  prefix: "",
  seal: (value) => value,
  open(value) {
    if (value.subarray(0, SEALED.length).equals(SEALED)) throw new Error("identity transformer tried to read encrypted data");
    return value;
  },
};
