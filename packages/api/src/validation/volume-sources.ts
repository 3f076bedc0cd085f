/** Where a volume's data are, source by source: pods and PersistentVolumes share most of them. */
import type { FieldErrors } from "../field-error.ts";
import { byteLength, dns1123LabelErrors, dns1123SubdomainErrors } from "../names.ts";
import { ABSOLUTE, descendingPath, noBacksteps } from "./paths.ts";

/** Each check knows its own source; the table knows none. */
type Source = any;
export type SourceCheck = (source: Source, field: string, errors: FieldErrors) => void;

const HOST_PATH_TYPES = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
const PARTITION_MAX = 255;
const LUN_RANGE = "must be between 0 and 255, inclusive";
const DRIVER_BYTES_MAX = 63;
const TENANT_LENGTH_MAX = 64;
const HOST_PORTS = "must be a host:port pair or multiple pairs separated by commas";
const INITIATOR = /^iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$|^eui\.[A-Fa-f0-9]{16}$|^naa\.[A-Fa-f0-9]{32}$/;

function require(source: Source, names: readonly string[], field: string, errors: FieldErrors): void {
  for (const name of names) {
    const value = source[name];
    if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) errors.required(`${field}.${name}`);
  }
}

const required =
  (...names: string[]): SourceCheck =>
  (source, field, errors) =>
    require(source, names, field, errors);

/** Upstream names the disk's field after its first API. */
const disk =
  (name: string, place: (field: string) => string): SourceCheck =>
  (source, field, errors) => {
    require(source, [name], place(field), errors);
    const { partition = 0 } = source;
    if (partition >= 0 && partition <= PARTITION_MAX) return;
    errors.invalid(`${place(field)}.partition`, partition, "must be between 0 and 255, both inclusive");
  };

function nfs(source: Source, field: string, errors: FieldErrors): void {
  require(source, ["server", "path"], field, errors);
  if (!source.path?.startsWith("/")) errors.invalid(`${field}.path`, source.path ?? "", ABSOLUTE);
}

export function hostPath(source: Source, field: string, errors: FieldErrors): void {
  if (!source.path) return errors.required(`${field}.path`);
  noBacksteps(source.path, `${field}.path`, errors);
  if (source.type && !HOST_PATH_TYPES.includes(source.type)) errors.notSupported(`${field}.type`, source.type, HOST_PATH_TYPES);
}

function gitRepo(source: Source, field: string, errors: FieldErrors): void {
  require(source, ["repository"], field, errors);
  descendingPath(source.directory ?? "", `${field}.directory`, errors);
}

function initiator(name: string, field: string, errors: FieldErrors): void {
  if (!/^(iqn|eui|naa)/.test(name)) errors.invalid(field, name, "must be valid format starting with iqn, eui, or naa");
  else if (!INITIATOR.test(name)) errors.invalid(field, name, "must be valid format");
}

function iscsi(source: Source, field: string, errors: FieldErrors): void {
  require(source, ["targetPortal"], field, errors);
  if (source.iqn) initiator(source.iqn, `${field}.iqn`, errors);
  else errors.required(`${field}.iqn`);
  lun(source.lun ?? 0, `${field}.lun`, errors);
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) errors.required(`${field}.secretRef`);
  if (source.initiatorName !== undefined) initiator(source.initiatorName, `${field}.initiatorname`, errors);
}

function lun(value: number, field: string, errors: FieldErrors): void {
  if (value < 0 || value > PARTITION_MAX) errors.invalid(field, value, LUN_RANGE);
}

function flocker({ datasetName, datasetUUID }: Source, field: string, errors: FieldErrors): void {
  if (!datasetName && !datasetUUID) errors.required(field, "one of datasetName and datasetUUID is required");
  if (datasetName && datasetUUID) errors.invalid(field, "resource", "datasetName and datasetUUID can not be specified simultaneously");
  if (datasetName?.includes("/")) errors.invalid(`${field}.datasetName`, datasetName, "must not contain '/'");
}

function withSecret(name: string): SourceCheck {
  return (source, field, errors) => {
    require(source, [name], field, errors);
    if (source.secretRef && !source.secretRef.name) errors.required(`${field}.secretRef.name`);
  };
}

function quobyte({ registry, tenant, volume }: Source, field: string, errors: FieldErrors): void {
  if (!registry) errors.required(`${field}.registry`, HOST_PORTS);
  else if ((tenant ?? "").length > TENANT_LENGTH_MAX)
    errors.required(`${field}.tenant`, "must be a UUID and may not exceed a length of 64 characters");
  else
    for (const pair of registry.split(","))
      if (!/^([^:[\]]*|\[[^\]]*\]):[^:]*$/.test(pair)) errors.invalid(`${field}.registry`, registry, HOST_PORTS);
  if (!volume) errors.required(`${field}.volume`);
}

function fc({ targetWWNs = [], wwids = [], lun: number }: Source, field: string, errors: FieldErrors): void {
  const at = `${field}.targetWWNs`;
  if (targetWWNs.length === 0 && wwids.length === 0) errors.required(at, "must specify either targetWWNs or wwids, but not both");
  if (targetWWNs.length > 0 && wwids.length > 0) errors.invalid(at, targetWWNs, "targetWWNs and wwids can not be specified simultaneously");
  if (targetWWNs.length === 0) return;
  if (number === undefined) errors.required(`${field}.lun`, "lun is required if targetWWNs is specified");
  else lun(number, `${field}.lun`, errors);
}

const MANAGED_URI = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const BLOB_URI = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

function azureDisk(source: Source, field: string, errors: FieldErrors): void {
  require(source, ["diskName", "diskURI"], field, errors);
  const { cachingMode, kind, diskURI = "" } = source;
  const oneOf = (name: string, value: string | undefined, supported: string[]): void => {
    if (value !== undefined && !supported.includes(value)) errors.notSupported(`${field}.${name}`, value, supported);
  };
  oneOf("cachingMode", cachingMode, ["None", "ReadOnly", "ReadWrite"]);
  oneOf("kind", kind, ["Dedicated", "Managed", "Shared"]);
  if (kind === "Managed" && !diskURI.startsWith("/subscriptions/")) errors.notSupported(`${field}.diskURI`, diskURI, [MANAGED_URI]);
  if (kind !== undefined && kind !== "Managed" && !diskURI.startsWith("https://"))
    errors.notSupported(`${field}.diskURI`, diskURI, [BLOB_URI]);
}

function storageos(source: Source, field: string, errors: FieldErrors): void {
  if (source.volumeName) errors.invalidEach(`${field}.volumeName`, source.volumeName, dns1123LabelErrors(source.volumeName));
  else errors.required(`${field}.volumeName`);
  if (source.volumeNamespace) {
    errors.invalidEach(`${field}.volumeNamespace`, source.volumeNamespace, dns1123LabelErrors(source.volumeNamespace));
  }
  if (source.secretRef && !source.secretRef.name) errors.required(`${field}.secretRef.name`);
}

/** Kubernetes' own domains are no place for a driver's options. */
function flexVolume(source: Source, field: string, errors: FieldErrors): void {
  require(source, ["driver"], field, errors);
  for (const key of Object.keys(source.options ?? {})) {
    const domain = `.${key.split("/")[0]!.toLowerCase()}`;
    if (/\.(kubernetes|k8s)\.io$/.test(domain))
      errors.invalid(`${field}.options[${key}]`, key, "kubernetes.io and k8s.io namespaces are reserved");
  }
}

export function csiDriverName(name: string | undefined, field: string, errors: FieldErrors): void {
  if (!name) errors.required(field);
  if (byteLength(name ?? "") > DRIVER_BYTES_MAX) errors.tooLong(field, DRIVER_BYTES_MAX);
  errors.invalidEach(field, name ?? "", dns1123SubdomainErrors((name ?? "").toLowerCase()));
}

const same = (field: string): string => field;

/** Sources that say the same in a pod and in a PersistentVolume. */
export const COMMON_SOURCES: Readonly<Record<string, SourceCheck>> = {
  hostPath,
  gcePersistentDisk: disk("pdName", (field) => field.replace(/gcePersistentDisk$/, "persistentDisk")),
  awsElasticBlockStore: disk("volumeID", same),
  nfs,
  iscsi,
  flocker,
  fc,
  quobyte,
  azureDisk,
  portworxVolume: required("volumeID"),
  vsphereVolume: required("volumePath"),
  photonPersistentDisk: required("pdID"),
  flexVolume,
  gitRepo,
  glusterfs: required("endpoints", "path"),
  rbd: required("monitors", "image"),
  cephfs: required("monitors"),
  scaleIO: required("gateway", "system", "volumeName"),
  cinder: withSecret("volumeID"),
  storageos,
};

export const azureFileInPod: SourceCheck = required("secretName", "shareName");
