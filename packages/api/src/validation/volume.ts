/** Volumes of a pod: a name each, and exactly one source. */
import type { FieldErrors } from "../field-error.ts";
import { validateLabels } from "../meta/validate.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors } from "../names.ts";
import { parseQuantity } from "../quantity.ts";
import type { Volume } from "../types.ts";
import { type KeyToPath, validateItems, validateMode } from "./paths.ts";
import { validateClaimSpec } from "./persistent-volume.ts";
import { validateDownwardApi, validateProjected } from "./projected.ts";
import { azureFileInPod, COMMON_SOURCES, csiDriverName, type SourceCheck } from "./volume-sources.ts";

interface Files {
  defaultMode?: number;
  items?: KeyToPath[];
}

function files({ defaultMode, items }: Files, field: string, errors: FieldErrors): void {
  validateMode(defaultMode, `${field}.defaultMode`, errors);
  validateItems(items, `${field}.items`, errors);
}

const emptyDir: SourceCheck = ({ sizeLimit }: { sizeLimit?: string }, field, errors) => {
  if (sizeLimit === undefined || parseQuantity(sizeLimit).nanos >= 0n) return;
  errors.forbidden(`${field}.sizeLimit`, "SizeLimit field must be a valid resource quantity");
};

const secret: SourceCheck = (source, field, errors) => {
  if (!source.secretName) errors.required(`${field}.secretName`);
  files(source, field, errors);
};

const configMap: SourceCheck = (source, field, errors) => {
  if (!source.name) errors.required(`${field}.name`);
  files(source, field, errors);
};

const claim: SourceCheck = ({ claimName }: { claimName?: string }, field, errors) => {
  if (!claimName) errors.required(`${field}.claimName`);
};

const csi: SourceCheck = (source: NonNullable<Volume["csi"]>, field, errors) => {
  csiDriverName(source.driver, `${field}.driver`, errors);
  const name = source.nodePublishSecretRef?.name;
  if (!source.nodePublishSecretRef) return;
  if (!name) errors.required(`${field}.nodePublishSecretRef.name`);
  else errors.invalidEach(`${field}.name`, name, dns1123SubdomainErrors(name));
};

const ephemeral: SourceCheck = ({ volumeClaimTemplate: template }: NonNullable<Volume["ephemeral"]>, field, errors) => {
  const at = `${field}.volumeClaimTemplate`;
  if (!template) return errors.required(at);
  validateLabels(template.metadata?.labels, `${at}.metadata.labels`, errors);
  validateClaimSpec(template.spec ?? {}, `${at}.spec`, errors);
};

const image: SourceCheck = ({ reference, pullPolicy }: { reference?: string; pullPolicy?: string }, field, errors) => {
  if (!reference) errors.required(`${field}.reference`);
  const policies = ["Always", "IfNotPresent", "Never"];
  if (pullPolicy && !policies.includes(pullPolicy)) errors.notSupported(`${field}.pullPolicy`, pullPolicy, policies);
};

const CHECKS: Readonly<Record<string, SourceCheck>> = {
  ...COMMON_SOURCES,
  emptyDir,
  secret,
  configMap,
  persistentVolumeClaim: claim,
  downwardAPI: validateDownwardApi,
  projected: validateProjected,
  azureFile: azureFileInPod,
  csi,
  ephemeral,
  image,
};

/** Of two sources, the later in this order is the one too many. */
const ORDER = ["emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi"].concat(
  ["glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc", "flexVolume"],
  ["configMap", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected"],
  ["scaleIO", "csi", "ephemeral", "image"],
);

/** How upstream's message calls them, where that is not their name. */
const SPELLINGS: Readonly<Record<string, string>> = { cephfs: "cephFS", downwardAPI: "downwarAPI" };

/** Returns the volumes that containers may mount, by name. */
export function validateVolumes(
  volumes: readonly Volume[],
  podName: string | undefined,
  field: string,
  errors: FieldErrors,
): Map<string, Volume> {
  const valid = new Map<string, Volume>();
  volumes.forEach((volume, index) => {
    const at = `${field}[${index}]`;
    const before = errors.list.length;
    validateSource(volume, at, errors);
    if (!volume.name) errors.required(`${at}.name`);
    else {
      errors.invalidEach(`${at}.name`, volume.name, dns1123LabelErrors(volume.name));
      if (valid.has(volume.name)) errors.duplicate(`${at}.name`, volume.name);
    }
    if (volume.ephemeral && podName) {
      const claimed = `${podName}-${volume.name}`;
      const problems = dns1123SubdomainErrors(claimed).map((problem) => `PVC name ${JSON.stringify(claimed)}: ${problem}`);
      errors.invalidEach(`${at}.name`, volume.name, problems);
    }
    // One with errors can't be mounted: its mounts are told as well.
    if (errors.list.length === before) valid.set(volume.name, volume);
  });
  return valid;
}

function validateSource(volume: Volume, field: string, errors: FieldErrors): void {
  let found = false;
  for (const name of ORDER) {
    const source = volume[name as keyof Volume];
    if (source === undefined) continue;
    if (found) errors.forbidden(`${field}.${SPELLINGS[name] ?? name}`, "may not specify more than 1 volume type");
    else CHECKS[name]!(source, `${field}.${name}`, errors);
    found = true;
  }
  if (!found) errors.required(field, "must specify a volume type");
}
