import { createHash } from "node:crypto";

const SUM_BYTES = 32;
/** A database's size is a multiple of this; with a checksum behind it is not. */
const ALIGN_BYTES = 512;

/**
 * Takes the database out of what `etcdctl snapshot save` wrote.
 * @throws Error as etcdctl words it, when the checksum is missing or wrong.
 */
export function databaseIn(file: Buffer, skipHashCheck: boolean): Buffer {
  if (file.length % ALIGN_BYTES !== SUM_BYTES) {
    if (skipHashCheck) return file;
    throw new Error("snapshot missing hash but --skip-hash-check=false");
  }
  const database = file.subarray(0, file.length - SUM_BYTES);
  if (skipHashCheck) return database;
  const expected = file.subarray(file.length - SUM_BYTES);
  const actual = createHash("sha256").update(database).digest();
  if (!actual.equals(expected)) throw new Error(`expected sha256 [${[...expected].join(" ")}], got [${[...actual].join(" ")}]`);
  return database;
}
