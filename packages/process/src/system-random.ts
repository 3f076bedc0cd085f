import { randomBytes } from "node:crypto";
import type { Random } from "@flotilla/base";

export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (size) => randomBytes(size),
};
