export default `
Deployment: Keeps equal pods running and replaces them step by step when their description changes.
DeploymentSpec: Which pods, how many, and how they are replaced.
  replicas: How many pods. Default: 1.
  selector: Labels of its pods; the template must have them. It cannot change.
  strategy: How old pods are replaced by new ones.
  paused: True keeps changes of the template from being rolled out.
  progressDeadlineSeconds: A rollout that gets no further for this long counts as failed. Default: 600.
DeploymentStatus: How far a rollout is.
  replicas: How many pods there are, old and new.
  updatedReplicas: How many are of the newest template.
  unavailableReplicas: How many are still missing.
DeploymentCondition: One aspect of its state: Available, Progressing or ReplicaFailure.
DeploymentStrategy: How old pods are replaced by new ones.
  type: RollingUpdate, or Recreate to end all old ones first. Default: RollingUpdate.
  rollingUpdate: Details of RollingUpdate.
RollingUpdateDeployment: How fast pods are replaced.
  maxUnavailable: How many may be missing meanwhile, as number or percentage. Default: 25%.
  maxSurge: How many more than wanted there may be meanwhile, as number or percentage. Default: 25%.
ReplicaSet: Keeps a number of equal pods running. Mostly made by a Deployment.
ReplicaSetSpec: Which pods, and how many.
  replicas: How many pods. Default: 1.
  selector: Labels of its pods; the template must have them. It cannot change.
ReplicaSetStatus: How many there are.
  fullyLabeledReplicas: How many have all labels of the template.
ReplicaSetCondition: One aspect of its state.
DaemonSet: Runs a pod on every node, or on every node of some kind.
DaemonSetSpec: Which pods, and how they are replaced.
  selector: Labels of its pods; the template must have them. It cannot change.
  template: The pod; its node selector and affinity choose the nodes.
  updateStrategy: How old pods are replaced by new ones.
DaemonSetStatus: How many nodes have their pod.
  currentNumberScheduled: Nodes that should have the pod and do.
  numberMisscheduled: Nodes that have the pod and should not.
  desiredNumberScheduled: Nodes that should have the pod.
  numberReady: Nodes whose pod is ready.
  updatedNumberScheduled: Nodes whose pod is of the newest template.
  numberAvailable: Nodes whose pod is available.
  numberUnavailable: Nodes whose pod is missing or not available.
DaemonSetCondition: One aspect of its state.
DaemonSetUpdateStrategy: How old pods are replaced by new ones.
  type: RollingUpdate, or OnDelete to leave it to whoever deletes them. Default: RollingUpdate.
  rollingUpdate: Details of RollingUpdate.
RollingUpdateDaemonSet: How fast pods are replaced.
  maxUnavailable: How many may be missing meanwhile, as number or percentage. Default: 1.
  maxSurge: How many nodes may have the new pod beside the old one. Default: 0.
StatefulSet: Runs pods that are each someone: a fixed name, a fixed place in the order, own storage.
StatefulSetSpec: Which pods, how many, with which storage.
  replicas: How many pods. Default: 1.
  selector: Labels of its pods; the template must have them. It cannot change.
  template: The pod; each gets the name set-number.
  volumeClaimTemplates: Claims that each pod gets of its own. They outlive it.
  serviceName: Headless service that gives the pods their names in DNS.
  podManagementPolicy: OrderedReady makes and ends pods one after the other, Parallel at once. Default: OrderedReady.
  updateStrategy: How old pods are replaced by new ones.
  persistentVolumeClaimRetentionPolicy: What becomes of the claims.
  ordinals: How pods are numbered.
StatefulSetOrdinals: How pods are numbered.
  start: Number of the first pod. Default: 0.
StatefulSetPersistentVolumeClaimRetentionPolicy: What becomes of the claims.
  whenDeleted: When the set is deleted: Retain or Delete. Default: Retain.
  whenScaled: When pods are scaled away: Retain or Delete. Default: Retain.
StatefulSetUpdateStrategy: How old pods are replaced by new ones.
  type: RollingUpdate, or OnDelete to leave it to whoever deletes them. Default: RollingUpdate.
  rollingUpdate: Details of RollingUpdate.
RollingUpdateStatefulSetStrategy: Which pods are replaced.
  partition: Only pods from this number on. Default: 0.
  maxUnavailable: How many may be missing meanwhile.
StatefulSetStatus: How far it is.
  replicas: How many pods there are.
  currentReplicas: How many are of the current revision.
  updatedReplicas: How many are of the newest revision.
  currentRevision: Revision that pods have before they are replaced.
  updateRevision: Revision that pods are to have.
StatefulSetCondition: One aspect of its state.
ControllerRevision: What a controller's object looked like once, to roll back to.
  data: The recorded state. It cannot change.
  revision: Number of the revision; greater is newer.
`;
