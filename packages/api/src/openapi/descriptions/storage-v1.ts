export default `
StorageClass: A kind of storage that volumes can be made of.
  provisioner: Who makes the volumes.
  parameters: Settings for the provisioner.
  reclaimPolicy: What becomes of volumes whose claim goes: Delete or Retain. Default: Delete.
  mountOptions: Options for mounting, such as ro or soft.
  allowVolumeExpansion: Whether claims may grow.
  volumeBindingMode: Immediate, or WaitForFirstConsumer to choose when a pod is placed. Default: Immediate.
  allowedTopologies: Where volumes may be made.
VolumeAttachment: A volume that is to be, or is, attached to a node.
VolumeAttachmentSpec: What is to be attached where, and by whom.
  attacher: CSI driver that does it.
  source: The volume.
  nodeName: The node.
VolumeAttachmentSource: A volume: one of these.
  persistentVolumeName: Name of a PersistentVolume.
  inlineVolumeSpec: A volume's description, where there is no PersistentVolume.
VolumeAttachmentStatus: How far it is.
  attached: Whether it is attached.
  attachmentMetadata: What the driver needs for mounting.
  attachError: What went wrong with attaching.
  detachError: What went wrong with detaching.
VolumeError: What went wrong.
  time: When.
CSIDriver: What a CSI driver can do and needs.
CSIDriverSpec: What a CSI driver can do and needs.
  attachRequired: Whether volumes must be attached before they are mounted. Default: true.
  podInfoOnMount: Whether the driver is told of the pod on mounting. Default: false.
  volumeLifecycleModes: Persistent, Ephemeral or both. Default: Persistent.
  storageCapacity: Whether the scheduler goes by the capacity that the driver tells of. Default: false.
  fsGroupPolicy: Whether owners of files are changed: ReadWriteOnceWithFSType, File or None.
  tokenRequests: Tokens of the pod's service account that the driver gets.
  requiresRepublish: Whether mounting is called again and again, for content that changes. Default: false.
  seLinuxMount: Whether volumes can be mounted with an SELinux label. Default: false.
TokenRequest: A token that a driver gets.
  audience: Who the token is for.
CSINode: CSI drivers of a node.
CSINodeSpec: CSI drivers of a node.
  drivers: The drivers.
CSINodeDriver: A CSI driver of a node.
  nodeID: The driver's name for the node.
  topologyKeys: Labels that say where the node is.
  allocatable: How many volumes the node can have.
VolumeNodeResources: How many volumes a node can have.
  count: The number.
CSIStorageCapacity: How much storage of a class there is in some part of the cluster.
  nodeTopology: Nodes that can reach it.
  storageClassName: The class.
  capacity: How much there is.
  maximumVolumeSize: The greatest volume.
`;
