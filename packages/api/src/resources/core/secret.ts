import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import { setMember } from "../../json-equal.ts";
import { configKeyErrors } from "../../names.ts";
import type { Secret } from "../../types.ts";
import { immutable } from "../../validation/common.ts";
import { validateImmutable } from "./config-map.ts";

const SIZE_MAX_BYTES = 1024 * 1024;

/** Keys that each built-in type must have (pkg/apis/core/validation: ValidateSecret). */
const REQUIRED_KEYS = new Map<string, string[]>(
  Object.entries({
    "kubernetes.io/dockercfg": [".dockercfg"],
    "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
    "kubernetes.io/ssh-auth": ["ssh-privatekey"],
    "kubernetes.io/tls": ["tls.crt", "tls.key"],
  }),
);

export const secrets = defineResource<Secret>({
  group: "",
  version: "v1",
  kind: "Secret",
  resource: "secrets",
  schema: "core/v1.Secret",
  table: [
    nameColumn(),
    column("Type", (secret) => secret.type ?? ""),
    column("Data", (secret) => Object.keys(secret.data ?? {}).length),
    ageColumn(),
  ],
  defaults(secret) {
    secret.type ||= "Opaque";
  },
  strategy: {
    prepareForCreate: mergeStringData,
    prepareForUpdate(secret, old) {
      mergeStringData(secret);
      secret.type ||= old.type;
    },
    validate(secret, errors) {
      const data = secret.data ?? {};
      let size = 0;
      for (const [key, value] of Object.entries(data)) {
        errors.invalidEach(`data[${key}]`, key, configKeyErrors(key));
        size += Math.floor((value.length * 3) / 4);
      }
      if (size > SIZE_MAX_BYTES) errors.tooLong("data", SIZE_MAX_BYTES);
      for (const key of REQUIRED_KEYS.get(secret.type ?? "") ?? []) if (data[key] === undefined) errors.required(`data[${key}]`);
      if (secret.type === "kubernetes.io/service-account-token" && !secret.metadata.annotations?.["kubernetes.io/service-account.name"]) {
        errors.required("metadata.annotations[kubernetes.io/service-account.name]");
      }
      if (secret.type === "kubernetes.io/basic-auth" && data["username"] === undefined && data["password"] === undefined) {
        errors.required("data[username]");
        errors.required("data[password]");
      }
    },
    checksUpdateFirst: true,
    validateUpdate(secret, old, errors) {
      immutable("type", secret.type, old.type, errors);
      validateImmutable(secret, old, errors, ["data"]);
    },
  },
  selectableFields: { type: (secret) => secret.type ?? "" },
});

/** stringData is write-only: it lands in data, base64-encoded UTF-8. */
function mergeStringData(secret: Secret): void {
  const { stringData } = secret;
  if (stringData === undefined) return;
  secret.data = { ...secret.data };
  for (const [key, text] of Object.entries(stringData)) {
    setMember(secret.data, key, btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("")));
  }
  delete secret.stringData;
}
