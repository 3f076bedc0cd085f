import type { Namespace } from "@flotilla/api";
import { forbidden, notFound } from "../request/errors.ts";
import type { Store } from "../storage/store.ts";
import type { AdmissionPlugin } from "./admission.ts";

const IMMORTAL = new Set(["default", "kube-system", "kube-public"]);
const NAMESPACES = { group: "", resource: "namespaces" };

/** Nothing is created in a namespace that does not exist or is going; some namespaces never go. */
export function namespaceLifecycle({ store }: { store: Store }): AdmissionPlugin {
  const find = (name: string) => store.cache("namespaces").get(`/registry/namespaces/${name}`)?.object as Namespace | undefined;
  return {
    name: "NamespaceLifecycle",
    validate({ operation, definition, name }) {
      if (operation === "DELETE" && definition.group === "" && definition.resource === "namespaces" && IMMORTAL.has(name)) {
        throw forbidden(definition, name, "this namespace may not be deleted");
      }
    },
    async mutate({ operation, definition, namespace, name }) {
      if (operation !== "CREATE" || namespace === "") return;
      let found = find(namespace);
      if (!found) {
        // It may have been created a moment ago through another server.
        await store.fresh();
        found = find(namespace);
      }
      if (!found) throw notFound(NAMESPACES, namespace);
      if (!found.metadata.deletionTimestamp && found.status?.phase !== "Terminating") return;
      const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
      const error = forbidden(definition, name, why);
      error.status.details = {
        ...error.status.details,
        causes: [{ reason: "NamespaceTerminating", message: `namespace ${namespace} is being terminated`, field: "metadata.namespace" }],
      };
      throw error;
    },
  };
}
