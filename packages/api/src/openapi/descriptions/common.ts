/** Fields that mean the same wherever they stand; a type's own line goes first. */
export default `
apiVersion: Group and version of the schema that this object follows, such as "apps/v1".
kind: Name of the type that this object is of, in CamelCase. It cannot change.
metadata: Name, namespace, labels and everything else that all objects have.
items: The objects of the list.
spec: What is wanted. The system works towards it.
status: What was observed last. Written by the system, not by users.
conditions: Latest observations of the object's state, one of each type.
type: Which of the possible types this is.
reason: One word in CamelCase, for programs: why it is so.
message: One sentence for people: why it is so.
lastTransitionTime: When the status of the condition last changed.
lastProbeTime: When the condition was last checked.
lastUpdateTime: When the condition was last written.
observedGeneration: The metadata.generation that this status was made from. A smaller one than the object's means that the last change has not been seen yet.
name: Name of what is meant.
namespace: Namespace of what is meant.
uid: UID of what is meant.
resourceVersion: Version of the object that is meant.
readOnly: True mounts it without the right to write. Default: false.
fsType: File system to mount, such as "ext4" or "xfs"; it must be one that the host knows.
secretRef: Secret with the credentials for it.
optional: Whether it may be missing.
apiGroup: Group of the object that is meant; empty for the core group.
key: Name of the label, or of whatever the rule is about.
operator: How key and values relate.
values: Values for the operator: at least one for In and NotIn, none for Exists and DoesNotExist.
value: The value that belongs to the key or the name.
port: Number of the port, from 1 to 65535.
protocol: Protocol of the port: TCP, UDP or SCTP. Default: TCP.
path: Path of the file or of the URL.
hostname: Name of the host.
ip: The IP address.
selector: Which pods belong to it, by their labels.
collisionCount: How many names that were made by hashing were taken already; it keeps further ones apart.
minReadySeconds: How many seconds a new pod must be ready, without a container crashing, before it counts as available. Default: 0.
revisionHistoryLimit: How many old revisions are kept to roll back to. Default: 10.
replicas: How many pods are wanted or, in a status, exist.
readyReplicas: How many pods are ready.
availableReplicas: How many pods have been ready for minReadySeconds at least.
template: The pod that is made from it.
expirationSeconds: How many seconds it is valid.
error: What went wrong, if anything did.
volumeName: Name of the volume.
volumeID: Identifier of the volume with its provider.
partition: Number of the partition to mount; 0 or nothing for the whole disk.
capacity: How much there is.
namespaceSelector: Which namespaces are meant, by their labels; an empty selector means all.
labelSelector: Which objects are meant, by their labels.
groups: Groups of the user.
extra: Further facts about the user, by key.
username: Name of the user.
caBundle: Certificates of the authorities, in PEM, that sign the server's certificate. Empty: those that the host trusts.
timeoutSeconds: How many seconds an answer may take.
description: Text for people.
attributes: Further properties.
appProtocol: Protocol above the transport, such as "kubernetes.io/h2c" or "https": a hint to whoever routes it.
url: Address of it.
service: The service to call.
rules: The rules, in order.
subresource: Part of the object, such as "status".
expression: Expression in the Common Expression Language (CEL).
`;
