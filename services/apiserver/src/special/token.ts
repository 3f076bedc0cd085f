import { apiError, decodeAs, type ResourceDefinition } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { admitSubresource } from "../admission/subresource.ts";
import type { ServiceAccountTokens } from "../authn/service-account.ts";
import { decodeOptionsOf } from "../registry/create.ts";
import type { Operation } from "../registry/dispatch.ts";
import { getEntry } from "../registry/get.ts";
import type { Kernel } from "../registry/kernel.ts";
import { writeOptions } from "../registry/options.ts";
import type { Call, Reply } from "../request/call.ts";
import { conflict } from "../request/errors.ts";

const TOKEN_REQUEST = { schema: "authentication/v1.TokenRequest", group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" };
const SECONDS_MIN = 600;
const SECONDS_MAX = 2 ** 32;
const SECONDS_DEFAULT = 3600;
const BOUND_KINDS: Record<string, "pods" | "secrets" | "nodes"> = { Pod: "pods", Secret: "secrets", Node: "nodes" };

interface Spec {
  audiences?: string[];
  expirationSeconds?: number;
  boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string };
}

/** POST serviceaccounts/NAME/token (KEP-1205). */
export function tokenRequest(tokens: ServiceAccountTokens, maxExpiration_seconds: number): Operation {
  return async (kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> => {
    const { namespace, name } = call.info;
    const options = writeOptions(call);
    const { object: request } = decodeAs(TOKEN_REQUEST, await call.body(), decodeOptionsOf(call, options));
    const spec = (request["spec"] ?? {}) as Spec;
    const account = (await getEntry(kernel, def, namespace, name)).object;
    await admitSubresource(kernel, call, def, "CREATE", request, options.dryRun);
    const asked = spec.expirationSeconds ?? SECONDS_DEFAULT;
    if (asked < SECONDS_MIN || asked > SECONDS_MAX) throw invalidSeconds(asked);
    const seconds = maxExpiration_seconds > 0 ? Math.min(asked, maxExpiration_seconds) : asked;
    const audiences = spec.audiences?.length ? spec.audiences : tokens.audiences;
    const bound = spec.boundObjectRef ? await boundTo(kernel, namespace, name, spec.boundObjectRef) : {};
    const serviceAccount = { name, uid: account.metadata.uid! };
    const { token, expires_ms } = await tokens.issue({ namespace, serviceAccount, audiences, expiration_seconds: seconds, ...bound });
    const object = {
      kind: "TokenRequest",
      apiVersion: "authentication.k8s.io/v1",
      metadata: { name, namespace, creationTimestamp: rfc3339(kernel.clock.now()) },
      spec: { ...spec, audiences, expirationSeconds: seconds },
      status: { token, expirationTimestamp: rfc3339(expires_ms) },
    };
    return { type: "object", code: 201, definition: undefined, object };
  };
}

async function boundTo(kernel: Kernel, namespace: string, account: string, reference: NonNullable<Spec["boundObjectRef"]>) {
  const resource = BOUND_KINDS[reference.kind ?? ""];
  if (!resource) throw apiError("BadRequest", `cannot bind token to object of type ${reference.apiVersion}, Kind=${reference.kind}`);
  const def = kernel.definitions.find("", "v1", resource)!;
  const target = (await getEntry(kernel, def, def.namespaced ? namespace : "", reference.name ?? "")).object;
  const { uid } = target.metadata;
  if (reference.uid && reference.uid !== uid) {
    throw conflict(
      def,
      reference.name!,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  const own = { name: reference.name!, uid: uid! };
  if (resource === "secrets") return { secret: own };
  if (resource === "nodes") return { node: own };
  const spec = target["spec"] as { serviceAccountName?: string; nodeName?: string };
  if (spec.serviceAccountName !== account) {
    throw apiError(
      "BadRequest",
      `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
    );
  }
  const node = spec.nodeName ? kernel.store.cache("nodes").get(`/registry/nodes/${spec.nodeName}`)?.object : undefined;
  if (spec.nodeName && !node) return { pod: own };
  return { pod: own, ...(node ? { node: { name: node.metadata.name!, uid: node.metadata.uid! } } : {}) };
}

function invalidSeconds(asked: number) {
  const limit =
    asked < SECONDS_MIN ? "may not specify a duration less than 10 minutes" : "may not specify a duration larger than 2^32 seconds";
  const message = `Invalid value: ${asked}: ${limit}`;
  return apiError("Invalid", `TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: ${message}`, {
    group: "authentication.k8s.io",
    kind: "TokenRequest",
    causes: [{ reason: "FieldValueInvalid", message, field: "spec.expirationSeconds" }],
  });
}
