import { apiError } from "@flotilla/api";

export interface ContinueToken {
  /** Every page of one list shows this revision; LATEST: the rest as it is now. */
  revision: number;
  /** The last key of the page before, without the list's prefix. */
  after: string;
}

/** In place of a revision that the store has forgotten: what follows is not consistent with what came before. */
export const LATEST = -1;

export function encodeContinue({ revision, after }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: after })).toString("base64url");
}

/** @throws ApiError BadRequest when the token is not one of ours. */
export function decodeContinue(text: string): ContinueToken {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>;
    if (
      v === "meta.k8s.io/v1" &&
      Number.isSafeInteger(rv) &&
      ((rv as number) > 0 || rv === LATEST) &&
      typeof start === "string" &&
      start !== "" &&
      !start.includes("..")
    ) {
      return { revision: rv as number, after: start };
    }
  } catch {
    // Falls through to the one answer for all malformed tokens.
  }
  throw apiError("BadRequest", "continue key is not valid: incorrect encoding or unsupported version");
}
