import { apiError } from "@flotilla/api";

export interface ContinueToken {
  /** Every page of one list shows this revision; LATEST: the rest as it is now. */
  revision: number;
  /** The last key of the page before, without the list's prefix. */
  after: string;
}

const VERSION = "meta.k8s.io/v1";
/** In place of a revision that the store has forgotten: what follows is not consistent with what came before. */
export const LATEST = -1;

export function encodeContinue({ revision, after }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start: after })).toString("base64url");
}

/** @throws ApiError BadRequest when the token is not one of ours. */
export function decodeContinue(text: string): ContinueToken {
  const { v, rv, start } = parse(text);
  if (v !== VERSION) throw invalid(`server does not recognize this encoded version ${JSON.stringify(v ?? "")}`);
  if (!Number.isSafeInteger(rv) || rv === 0 || (rv as number) < LATEST)
    throw invalid(`incorrect encoded start resourceVersion (version ${VERSION})`);
  if (typeof start !== "string" || start === "") throw invalid(`encoded start key empty (version ${VERSION})`);
  if (start.includes("..")) throw invalid(start);
  return { revision: rv as number, after: start };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // The same answer as for JSON of another shape.
  }
  throw invalid("incorrect encoding");
}

const invalid = (why: string) => apiError("BadRequest", `invalid continue token: continue key is not valid: ${why}`);
