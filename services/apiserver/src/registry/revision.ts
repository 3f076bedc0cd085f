import { apiError } from "@flotilla/api";

/** "" and absent: undefined. @throws ApiError BadRequest when it is no number. */
export function parseRevision(text: string | null | undefined): number | undefined {
  if (!text) return undefined;
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw apiError(
      "BadRequest",
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return Number(text);
}
