import type { Container, Pod, ServiceAccount } from "@flotilla/api";
import { type Random, randomName } from "@flotilla/base";
import { forbidden } from "../request/errors.ts";
import type { Store } from "../storage/store.ts";
import { type AdmissionAttributes, type AdmissionPlugin, isPod } from "./admission.ts";
import { referencesOfMirror } from "./nodes/mirror.ts";

const VOLUME_PREFIX = "kube-api-access-";
const MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const MIRROR = "kubernetes.io/config.mirror";
/** An hour and seven seconds: the odd number marks tokens that the admission asked for. */
const TOKEN_SECONDS = 3607;

/** Gives every pod a service account, and its token, CA and namespace as files. */
export function serviceAccount({ store, random }: { store: Store; random: Random }): AdmissionPlugin {
  const find = async (namespace: string, name: string) => {
    const get = () =>
      store.cache("serviceaccounts").get(`/registry/serviceaccounts/${namespace}/${name}`)?.object as ServiceAccount | undefined;
    const known = get();
    if (known) return known;
    await store.fresh();
    return get();
  };
  return {
    name: "ServiceAccount",
    async mutate(attributes, object) {
      if (!isPod(attributes) || attributes.operation !== "CREATE") return;
      const pod = object as unknown as Pod;
      if (!pod.spec) return;
      if (pod.metadata.annotations?.[MIRROR] !== undefined) return checkMirror(attributes, pod);
      const name = pod.spec.serviceAccountName || pod.spec.serviceAccount || "default";
      pod.spec.serviceAccountName = name;
      pod.spec.serviceAccount = name;
      const account = await find(attributes.namespace, name);
      if (!account) {
        throw forbidden(
          attributes.definition,
          attributes.name,
          `error looking up service account ${attributes.namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
        );
      }
      if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod, random);
      if ((pod.spec.imagePullSecrets ?? []).length === 0 && account.imagePullSecrets?.length) {
        pod.spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
      }
    },
  };
}

function checkMirror({ definition, name }: AdmissionAttributes, pod: Pod): void {
  if (pod.spec?.serviceAccountName) throw forbidden(definition, name, "a mirror pod may not reference service accounts");
  const sources = (pod.spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  const tokens = sources.some(({ serviceAccountToken }) => serviceAccountToken);
  if (tokens) throw forbidden(definition, name, "a mirror pod may not use service account token volume projections");
  if (referencesOfMirror(pod) === "secrets") throw forbidden(definition, name, "a mirror pod may not reference secrets");
}

function mountToken(pod: Pod, random: Random): void {
  const spec = pod.spec!;
  // Validation comes later: the list may be missing.
  const containers: Container[] = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const without = containers.filter((container) => !(container.volumeMounts ?? []).some(({ mountPath }) => mountPath === MOUNT_PATH));
  if (without.length === 0) return;
  // A webhook may have added a container after the volume was made.
  const known = spec.volumes?.find((volume) => volume.name.startsWith(VOLUME_PREFIX))?.name;
  const name = known ?? `${VOLUME_PREFIX}${randomName(random)}`;
  for (const container of without) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }];
  }
  if (known) return;
  spec.volumes = [
    ...(spec.volumes ?? []),
    {
      name,
      projected: {
        sources: [
          { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
          { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
          { downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] } },
        ],
        defaultMode: 0o644,
      },
    },
  ];
}
