import type { KubeObject } from "@flotilla/api";
import { ensure } from "../bootstrap/namespaces.ts";
import { cacheOf, type Kernel, keyOf } from "../registry/kernel.ts";
import { modifyStored } from "../registry/modify-stored.ts";

/** How a front proxy tells extension servers who asks (--requestheader-*). */
export interface RequestHeaderConfig {
  clientCa: string | undefined;
  allowedNames: readonly string[];
  usernameHeaders: readonly string[];
  groupHeaders: readonly string[];
  extraPrefixes: readonly string[];
}

const NAMESPACE = "kube-system";
const NAME = "extension-apiserver-authentication";

/** The ConfigMap from which extension servers learn whom to believe (KEP: delegated authentication). */
export async function ensureAuthenticationConfig(kernel: Kernel, clientCa: string | undefined, header: RequestHeaderConfig): Promise<void> {
  const definition = kernel.definitions.find("", "v1", "configmaps")!;
  const list = (values: readonly string[]) => JSON.stringify(values);
  const data: Record<string, string> = {
    ...(clientCa ? { "client-ca-file": clientCa } : {}),
    ...(header.clientCa
      ? {
          "requestheader-allowed-names": list(header.allowedNames),
          "requestheader-client-ca-file": header.clientCa,
          "requestheader-extra-headers-prefix": list(header.extraPrefixes),
          "requestheader-group-headers": list(header.groupHeaders),
          "requestheader-username-headers": list(header.usernameHeaders),
        }
      : {}),
  };
  const object: KubeObject = { kind: "ConfigMap", apiVersion: "v1", metadata: { name: NAME, namespace: NAMESPACE }, data };
  await ensure(kernel, definition, NAMESPACE, object);
  await kernel.store.fresh();
  const stored = cacheOf(kernel, definition).get(keyOf(definition, NAMESPACE, NAME))?.object;
  const current = (stored?.["data"] ?? {}) as Record<string, string>;
  // Certificates are renewed: what is said of them follows. Other replicas' words stay where they say the same.
  if (Object.entries(data).every(([key, value]) => current[key] === value)) return;
  await modifyStored(kernel, definition, NAMESPACE, NAME, (live) => ({ ...live, data: { ...(live["data"] as object), ...data } }));
}
