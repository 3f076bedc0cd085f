export default `
Volume: Storage that the containers of a pod may mount: a name and one source.
  name: Name of the volume, unique in the pod.
  hostPath: A file or directory of the node.
  emptyDir: An empty directory that lives as long as the pod.
  gcePersistentDisk: Deprecated: a disk of Google Compute Engine.
  awsElasticBlockStore: Deprecated: a disk of AWS.
  gitRepo: Deprecated: a copy of a git repository.
  secret: The entries of a Secret as files.
  nfs: A directory of an NFS server.
  iscsi: A disk of an iSCSI target.
  glusterfs: Deprecated: a Glusterfs volume.
  persistentVolumeClaim: The volume that a claim in the same namespace is bound to.
  rbd: Deprecated: a Rados block device.
  flexVolume: Deprecated: a volume of an exec based plug-in.
  cinder: Deprecated: a volume of OpenStack Cinder.
  cephfs: Deprecated: a CephFS directory.
  flocker: Deprecated: a Flocker volume.
  downwardAPI: Fields of the pod as files.
  fc: A Fibre Channel disk.
  azureFile: Deprecated: an Azure file share.
  configMap: The entries of a ConfigMap as files.
  vsphereVolume: Deprecated: a vSphere disk.
  quobyte: Deprecated: a Quobyte volume.
  azureDisk: Deprecated: an Azure data disk.
  photonPersistentDisk: Deprecated: a disk of Photon Controller.
  projected: Several sources in one directory.
  portworxVolume: Deprecated: a Portworx volume.
  scaleIO: Deprecated: a ScaleIO volume.
  storageos: Deprecated: a StorageOS volume.
  csi: A volume that a CSI driver makes for the pod alone.
  ephemeral: A volume by a claim that is made with the pod and goes with it.
  image: The content of a container image.
VolumeMount: A volume and where it appears in the container.
  name: Name of the volume.
  recursiveReadOnly: Whether mounts below are read-only too: Disabled, IfPossible or Enabled.
  mountPath: Path in the container.
  subPath: Path in the volume to mount instead of its root.
  mountPropagation: How later mounts are seen: None, HostToContainer or Bidirectional.
  subPathExpr: As subPath, with $(NAME) for variables of the environment.
VolumeMountStatus: A mount of a container.
  mountPath: Path in the container.
  recursiveReadOnly: Whether mounts below are read-only too.
VolumeDevice: A block volume and where it appears in the container.
  name: Name of the claim's volume in the pod.
  devicePath: Path of the device in the container.
KeyToPath: An entry and the file that it becomes.
  key: The entry.
  path: Relative path of the file.
  mode: Permissions of the file.
HostPathVolumeSource: A file or directory of the node.
  path: Path on the node.
  type: What must be there, or is made: Directory, DirectoryOrCreate, File, FileOrCreate, Socket, CharDevice, BlockDevice. Default: nothing is checked.
EmptyDirVolumeSource: An empty directory.
  medium: "" for the node's disk, Memory for its memory.
  sizeLimit: The most it may hold.
SecretVolumeSource: The entries of a Secret as files.
  secretName: Name of the Secret.
  items: Entries to show, and where; nothing means all of them.
  defaultMode: Permissions of the files. Default: 0644.
ConfigMapVolumeSource: The entries of a ConfigMap as files.
  name: Name of the ConfigMap.
  items: Entries to show, and where; nothing means all of them.
  defaultMode: Permissions of the files. Default: 0644.
SecretProjection = SecretVolumeSource: The entries of a Secret among other files.
ConfigMapProjection = ConfigMapVolumeSource: The entries of a ConfigMap among other files.
DownwardAPIVolumeSource: Fields of the pod as files.
  items: The files.
  defaultMode: Permissions of the files. Default: 0644.
DownwardAPIProjection = DownwardAPIVolumeSource: Fields of the pod among other files.
DownwardAPIVolumeFile: A file with a field of the pod.
  path: Relative path of the file.
  fieldRef: The field.
  resourceFieldRef: The request or limit.
  mode: Permissions of the file.
ProjectedVolumeSource: Several sources in one directory.
  sources: The sources.
  defaultMode: Permissions of the files. Default: 0644.
VolumeProjection: One source of a projected volume.
  secret: Entries of a Secret.
  downwardAPI: Fields of the pod.
  configMap: Entries of a ConfigMap.
  serviceAccountToken: A token of the pod's service account.
  clusterTrustBundle: Certificates of a ClusterTrustBundle.
ServiceAccountTokenProjection: A token that is renewed while the pod runs.
  audience: Who the token is for. Default: the API server.
  expirationSeconds: How long a token is valid; at least 600. Default: 3600.
  path: Relative path of the file.
ClusterTrustBundleProjection: Certificates as a file.
  name: Name of one bundle.
  signerName: All bundles of this signer.
  path: Relative path of the file.
ImageVolumeSource: The content of an image.
  reference: The image.
  pullPolicy: When it is pulled: Always, Never or IfNotPresent.
EphemeralVolumeSource: A claim made with the pod.
  volumeClaimTemplate: What the claim is to be.
PersistentVolumeClaimTemplate: What a claim made from it is to be.
  spec: The claim's spec.
PersistentVolumeClaimVolumeSource: The volume of a claim.
  claimName: Name of the claim.
GitRepoVolumeSource: A copy of a git repository.
  repository: URL of the repository.
  revision: Commit to check out.
  directory: Directory to clone into.
NFSVolumeSource: A directory of an NFS server.
  server: Host name or address of the server.
  path: Path that the server exports.
LocalVolumeSource: A disk or directory of one node.
  path: Path on the node.
CSIVolumeSource: A volume that a CSI driver makes for a pod.
  driver: Name of the driver.
  volumeAttributes: Settings for the driver.
  nodePublishSecretRef: Secret for the driver's call on the node.
CSIPersistentVolumeSource: A volume of a CSI driver.
  driver: Name of the driver.
  volumeHandle: The driver's name for the volume.
  volumeAttributes: Settings for the driver.
  controllerPublishSecretRef: Secret for attaching.
  nodeStageSecretRef: Secret for preparing on the node.
  nodePublishSecretRef: Secret for mounting.
  controllerExpandSecretRef: Secret for growing.
  nodeExpandSecretRef: Secret for growing on the node.
AWSElasticBlockStoreVolumeSource: A disk of AWS.
GCEPersistentDiskVolumeSource: A disk of Google Compute Engine.
  pdName: Name of the disk.
AzureDiskVolumeSource: An Azure data disk.
  kind: Shared, Dedicated or Managed.
  diskName: Name of the disk.
  diskURI: URI of the disk.
  cachingMode: None, ReadOnly or ReadWrite.
AzureFileVolumeSource: An Azure file share.
  secretName: Secret with the account's name and key.
  shareName: Name of the share.
AzureFilePersistentVolumeSource = AzureFileVolumeSource: An Azure file share.
  secretNamespace: Namespace of the Secret.
CephFSVolumeSource: A CephFS directory.
  monitors: Addresses of the monitors.
  path: Directory to mount.
  user: User to act as.
  secretFile: File with the user's key.
CephFSPersistentVolumeSource = CephFSVolumeSource: A CephFS directory.
CinderVolumeSource: A volume of OpenStack Cinder.
CinderPersistentVolumeSource = CinderVolumeSource: A volume of OpenStack Cinder.
FCVolumeSource: A Fibre Channel disk.
  targetWWNs: World wide names of the target.
  lun: Number of the unit.
  wwids: World wide identifiers, instead of target and unit.
FlexVolumeSource: A volume of an exec based plug-in.
  driver: Name of the plug-in.
  options: Settings for the plug-in.
FlexPersistentVolumeSource = FlexVolumeSource: A volume of an exec based plug-in.
FlockerVolumeSource: A Flocker volume.
  datasetName: Name of the dataset.
  datasetUUID: UUID of the dataset.
GlusterfsVolumeSource: A Glusterfs volume.
  endpoints: Name of the Endpoints with the servers.
  path: Path of the volume.
GlusterfsPersistentVolumeSource = GlusterfsVolumeSource: A Glusterfs volume.
  endpointsNamespace: Namespace of the Endpoints.
ISCSIVolumeSource: A disk of an iSCSI target.
  targetPortal: Address of the target.
  iqn: Qualified name of the target.
  lun: Number of the unit.
  iscsiInterface: Interface of the initiator. Default: default.
  portals: Further addresses of the target.
  chapAuthDiscovery: Use CHAP for discovery.
  chapAuthSession: Use CHAP for the session.
  initiatorName: Name of the initiator.
ISCSIPersistentVolumeSource = ISCSIVolumeSource: A disk of an iSCSI target.
PhotonPersistentDiskVolumeSource: A disk of Photon Controller.
  pdID: Identifier of the disk.
PortworxVolumeSource: A Portworx volume.
QuobyteVolumeSource: A Quobyte volume.
  registry: Addresses of the registries.
  volume: Name of the volume.
  user: User to mount as.
  group: Group to mount as.
  tenant: Owner of the volume at Quobyte.
RBDVolumeSource: A Rados block device.
  monitors: Addresses of the monitors.
  image: Name of the image.
  pool: Name of the pool. Default: rbd.
  user: User to act as. Default: admin.
  keyring: File with the user's key.
RBDPersistentVolumeSource = RBDVolumeSource: A Rados block device.
ScaleIOVolumeSource: A ScaleIO volume.
  gateway: Address of the gateway.
  system: Name of the system.
  sslEnabled: Whether to use TLS.
  protectionDomain: Name of the protection domain.
  storagePool: Name of the storage pool.
  storageMode: ThickProvisioned or ThinProvisioned.
ScaleIOPersistentVolumeSource = ScaleIOVolumeSource: A ScaleIO volume.
StorageOSVolumeSource: A StorageOS volume.
  volumeNamespace: Scope of the volume within StorageOS.
StorageOSPersistentVolumeSource = StorageOSVolumeSource: A StorageOS volume.
VsphereVirtualDiskVolumeSource: A vSphere disk.
  volumePath: Path of the disk.
  storagePolicyName: Name of the storage policy.
  storagePolicyID: Identifier of the storage policy.
PersistentVolume: A piece of storage of the cluster, made by an administrator or a provisioner.
PersistentVolumeSpec: Where a volume is, how much it holds, who may use it.
  capacity: How much it holds, as storage.
  gcePersistentDisk: Deprecated: a disk of Google Compute Engine.
  awsElasticBlockStore: Deprecated: a disk of AWS.
  hostPath: A directory of the node; for trials on one node.
  glusterfs: Deprecated: a Glusterfs volume.
  nfs: A directory of an NFS server.
  rbd: Deprecated: a Rados block device.
  iscsi: A disk of an iSCSI target.
  cinder: Deprecated: a volume of OpenStack Cinder.
  cephfs: Deprecated: a CephFS directory.
  fc: A Fibre Channel disk.
  flocker: Deprecated: a Flocker volume.
  flexVolume: Deprecated: a volume of an exec based plug-in.
  azureFile: Deprecated: an Azure file share.
  vsphereVolume: Deprecated: a vSphere disk.
  quobyte: Deprecated: a Quobyte volume.
  azureDisk: Deprecated: an Azure data disk.
  photonPersistentDisk: Deprecated: a disk of Photon Controller.
  portworxVolume: Deprecated: a Portworx volume.
  scaleIO: Deprecated: a ScaleIO volume.
  local: A disk or directory of one node.
  storageos: Deprecated: a StorageOS volume.
  csi: A volume of a CSI driver.
  accessModes: How it can be mounted: ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod.
  claimRef: The claim that it is bound to, or kept for.
  persistentVolumeReclaimPolicy: What happens when the claim goes: Retain, Delete or Recycle (deprecated). Default: Retain.
  storageClassName: The class that it belongs to; empty for none.
  mountOptions: Options for mounting, such as ro or soft.
  volumeMode: Filesystem or Block. Default: Filesystem.
  nodeAffinity: Nodes that can reach it.
  volumeAttributesClassName: Name of its VolumeAttributesClass.
PersistentVolumeStatus: How far a volume is.
  phase: Pending, Available, Bound, Released or Failed.
  lastPhaseTransitionTime: When the phase last changed.
VolumeNodeAffinity: Nodes that can reach a volume.
  required: What such a node must be.
PersistentVolumeClaim: A user's request for storage, to be bound to a volume.
PersistentVolumeClaimSpec: What kind of volume is wanted.
  accessModes: How it must be mountable.
  selector: Labels that the volume must have.
  resources: How much it must hold.
  volumeName: The volume that it is bound to.
  storageClassName: The class wanted; empty for volumes without class, nothing for the default class.
  volumeMode: Filesystem or Block. Default: Filesystem.
  dataSource: A snapshot or claim that the volume starts as a copy of.
  dataSourceRef: As dataSource, for any kind of object.
  volumeAttributesClassName: Name of the VolumeAttributesClass wanted.
PersistentVolumeClaimStatus: How far a claim is.
  phase: Pending, Bound or Lost.
  accessModes: How its volume can be mounted.
  capacity: How much its volume holds.
  allocatedResources: How much is set aside for it, also while it grows.
  allocatedResourceStatuses: How far a change of size is.
  currentVolumeAttributesClassName: The class that holds now.
  modifyVolumeStatus: How far a change of class is.
PersistentVolumeClaimCondition: One aspect of a claim's state, such as Resizing.
VolumeResourceRequirements: How much storage is wanted.
  limits: The most it may be.
  requests: The least it must be.
ModifyVolumeStatus: How far a change of class is.
  targetVolumeAttributesClassName: The class to reach.
  status: Pending, InProgress or Infeasible.
TypedLocalObjectReference: An object in the same namespace.
TypedObjectReference: An object, perhaps in another namespace.
`;
