/** Volumes made of other objects' parts: projected and downwardAPI. */
import type { FieldErrors } from "../field-error.ts";
import type { Volume } from "../types.ts";
import { validateLabelSelector } from "./common.ts";
import { FILE_FIELDS, validateFieldRef, validateResourceRef } from "./field-ref.ts";
import { type KeyToPath, nonReservedPath, validateItems, validateMode } from "./paths.ts";

type Projected = NonNullable<Volume["projected"]>;
type Source = NonNullable<Projected["sources"]>[number];
type DownwardFile = NonNullable<NonNullable<Volume["downwardAPI"]>["items"]>[number];

const TOKEN_SECONDS_MIN = 600;
const TOKEN_SECONDS_MAX = 2 ** 32;

export function validateDownwardApi(volume: NonNullable<Volume["downwardAPI"]>, field: string, errors: FieldErrors): void {
  validateMode(volume.defaultMode, `${field}.defaultMode`, errors);
  // Upstream's messages name the volume, not the item.
  for (const file of volume.items ?? []) validateFile(file, field, errors);
}

function validateFile(file: DownwardFile, field: string, errors: FieldErrors): void {
  if (!file.path) errors.required(`${field}.path`);
  nonReservedPath(file.path ?? "", `${field}.path`, errors);
  if (file.fieldRef) {
    validateFieldRef(file.fieldRef, FILE_FIELDS, `${field}.fieldRef`, errors);
    if (file.resourceFieldRef) errors.invalid(field, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
  } else if (file.resourceFieldRef) validateResourceRef(file.resourceFieldRef, true, `${field}.resourceFieldRef`, errors);
  else errors.required(field, "one of fieldRef and resourceFieldRef is required");
  validateMode(file.mode, `${field}.mode`, errors);
}

export function validateProjected(volume: Projected, field: string, errors: FieldErrors): void {
  validateMode(volume.defaultMode, `${field}.defaultMode`, errors);
  const paths = new Set<string>();
  /** Two sources may not write the same file. */
  const claim = (path: string | undefined, owner: string): void => {
    if (!path) return;
    if (paths.has(path)) errors.invalid(field, owner, "conflicting duplicate paths");
    paths.add(path);
  };
  (volume.sources ?? []).forEach((source, index) => {
    validateProjection(source, `${field}.sources[${index}]`, field, claim, errors);
  });
}

type ClaimPath = (path: string | undefined, owner: string) => void;

function validateProjection(source: Source, at: string, field: string, claim: ClaimPath, errors: FieldErrors): void {
  for (const name of ["secret", "configMap"] as const) {
    const projection = source[name];
    if (!projection) continue;
    if (!projection.name) errors.required(`${at}.${name}.name`);
    validateItems(projection.items as KeyToPath[] | undefined, `${at}.${name}.items`, errors);
    for (const item of projection.items ?? []) claim(item.path, projection.name ?? "");
  }
  for (const file of source.downwardAPI?.items ?? []) {
    validateFile(file, `${at}.downwardAPI`, errors);
    claim(file.path, file.path);
  }
  if (source.serviceAccountToken) validateToken(source.serviceAccountToken, at, field, claim, errors);
  if (source.clusterTrustBundle) validateBundle(source.clusterTrustBundle, `${at}.clusterTrustBundle`, claim, errors);
  if (Object.keys(source).length > 1) errors.forbidden(at, "may not specify more than 1 volume type");
}

function validateToken(
  token: NonNullable<Source["serviceAccountToken"]>,
  at: string,
  field: string,
  claim: ClaimPath,
  errors: FieldErrors,
): void {
  const seconds = token.expirationSeconds ?? 0;
  const expiration = `${at}.serviceAccountToken.expirationSeconds`;
  if (seconds < TOKEN_SECONDS_MIN) errors.invalid(expiration, seconds, "may not specify a duration less than 10 minutes");
  if (seconds > TOKEN_SECONDS_MAX) errors.invalid(expiration, seconds, "may not specify a duration larger than 2^32 seconds");
  if (!token.path) errors.required(`${field}.path`);
  else nonReservedPath(token.path, `${at}.serviceAccountToken.path`, errors);
  claim(token.path, token.path);
}

function validateBundle(bundle: NonNullable<Source["clusterTrustBundle"]>, at: string, claim: ClaimPath, errors: FieldErrors): void {
  const { name, signerName, path } = bundle;
  if (name === undefined && signerName === undefined) errors.required(at, "either name or signerName must be specified");
  if (name !== undefined && signerName !== undefined) errors.invalidWhole(at, "only one of name and signerName may be used");
  validateLabelSelector(bundle.labelSelector, `${at}.labelSelector`, errors);
  if (!path) errors.required(`${at}.path`);
  else nonReservedPath(path, `${at}.path`, errors);
  claim(path, path);
}
