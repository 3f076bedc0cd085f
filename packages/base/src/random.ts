/** Chance as a port: the real one reads the system's generator, a test's one a seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `size` random bytes. */
  bytes(size: number): Uint8Array;
}

/** Uniform integer in [0, bound). */
export function randomInt(random: Random, bound: number): number {
  return Math.floor(random.next() * bound);
}

/** `base` stretched by up to `factor` of itself, as wait.Jitter in apimachinery. */
export function jitter(random: Random, base: number, factor: number): number {
  return base + random.next() * factor * base;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
/** Bytes of a UUID before which a dash stands. */
const DASHES = new Set([4, 6, 8, 10]);

/** RFC 4122 version 4. */
export function uuid(random: Random): string {
  const b = random.bytes(16);
  b[6] = (b[6]! & 0x0f) | 0x40;
  b[8] = (b[8]! & 0x3f) | 0x80;
  let text = "";
  for (let i = 0; i < 16; i++) text += DASHES.has(i) ? `-${HEX[b[i]!]}` : HEX[b[i]!];
  return text;
}

const NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** A suffix as generateName adds it: letters that spell no words (apimachinery util/rand). */
export function randomName(random: Random, length = 5): string {
  return Array.from({ length }, () => NAME_ALPHABET[randomInt(random, NAME_ALPHABET.length)]).join("");
}

/** A seeded generator (mulberry32) for simulations and tests: same seed, same sequence. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, bytes: (size) => Uint8Array.from({ length: size }, () => Math.floor(next() * 256)) };
}
