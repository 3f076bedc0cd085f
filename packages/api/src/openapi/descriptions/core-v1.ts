/** Core kinds besides pods and volumes. */
export default `
Namespace: A room for names: most objects live in one, and access and quotas are given by it.
NamespaceSpec: What must happen before a namespace goes.
  finalizers: Who must be done first; "kubernetes" stands for the removal of everything inside.
NamespaceStatus: How far a namespace is.
  phase: Active, or Terminating while it is being emptied.
NamespaceCondition: One aspect of a namespace's removal.
Node: A machine that runs pods.
NodeSpec: What a node is to be.
  podCIDR: Range of addresses for its pods.
  podCIDRs: Ranges of addresses for its pods, at most one of each family.
  providerID: The cloud's name for the machine, as provider://id.
  unschedulable: No new pods are placed here. Default: false.
  taints: What keeps pods away that do not tolerate it.
  configSource: No longer used.
  externalID: No longer used.
NodeStatus: How a node is; written by its kubelet.
  capacity: All that it has of each resource.
  allocatable: What pods may have of each resource.
  phase: No longer used.
  addresses: Where it can be reached.
  daemonEndpoints: Ports of its daemons.
  nodeInfo: Versions and identifiers of its software and hardware.
  images: Images that it has.
  volumesInUse: Attached volumes that are mounted.
  volumesAttached: Volumes that are attached.
  config: No longer used.
  runtimeHandlers: Handlers of its container runtime.
  features: What its container runtime can do.
NodeCondition: One aspect of a node's state, such as Ready or MemoryPressure.
  lastHeartbeatTime: When it was last reported.
NodeAddress: An address of a node.
  type: Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.
  address: The address.
NodeDaemonEndpoints: Ports of a node's daemons.
  kubeletEndpoint: Where the kubelet listens.
DaemonEndpoint: A port of a daemon.
  Port: Number of the port.
NodeSystemInfo: What a node is made of.
  machineID: Identifier of the installation.
  systemUUID: Identifier of the hardware.
  bootID: Identifier of the current boot.
  kernelVersion: Version of the kernel.
  osImage: Name of the operating system.
  containerRuntimeVersion: Name and version of the container runtime.
  kubeletVersion: Version of the kubelet.
  kubeProxyVersion: Deprecated: version of kube-proxy.
  operatingSystem: linux or windows.
  architecture: Architecture of the processor.
NodeConfigSource: No longer used.
  configMap: The ConfigMap.
ConfigMapNodeConfigSource: No longer used.
  kubeletConfigKey: The entry to take.
NodeConfigStatus: No longer used.
  assigned: The configuration to reach.
  active: The configuration in use.
  lastKnownGood: The configuration to fall back to.
NodeRuntimeHandler: A handler of a container runtime.
  features: What it can do.
NodeRuntimeHandlerFeatures: What a handler can do.
  recursiveReadOnlyMounts: Whether it can make mounts read-only all the way down.
  userNamespaces: Whether it can give containers a user namespace.
NodeFeatures: What a container runtime can do.
  supplementalGroupsPolicy: Whether it obeys the pod's policy for groups.
AttachedVolume: A volume attached to a node.
  devicePath: Where it is.
ContainerImage: An image on a node.
  names: Names that it is known by.
  sizeBytes: Its size.
Taint: What keeps pods away from a node.
  key: The taint's key.
  value: The taint's value.
  effect: NoSchedule, PreferNoSchedule, or NoExecute, which also makes running pods go.
  timeAdded: When it was added.
Service: One address for a group of pods, and balance among them.
ServiceSpec: Which pods, which ports, and who can reach them.
  ports: Ports of the service.
  selector: Labels of the pods. Nothing: the endpoints are kept by somebody else.
  clusterIP: Address of the service in the cluster; given by the server, or asked for, or None for a headless service.
  clusterIPs: Addresses of the service in the cluster, at most one of each family.
  type: ClusterIP, NodePort (a port on each node too), LoadBalancer (a balancer outside too) or ExternalName (an alias).
  externalIPs: Further addresses that nodes take traffic for.
  sessionAffinity: ClientIP sends a client to the same pod each time. Default: None.
  loadBalancerIP: Deprecated: address wanted for the balancer.
  loadBalancerSourceRanges: Clients that the balancer lets in.
  externalName: Name that ExternalName stands for.
  externalTrafficPolicy: Cluster, or Local for pods on the same node only, which keeps the client's address.
  healthCheckNodePort: Port on each node that tells the balancer whether there are local pods.
  publishNotReadyAddresses: Show pods also while they are not ready.
  sessionAffinityConfig: Details of sessionAffinity.
  ipFamilies: Families of its addresses: IPv4, IPv6.
  ipFamilyPolicy: SingleStack, PreferDualStack or RequireDualStack.
  allocateLoadBalancerNodePorts: Whether a LoadBalancer also gets node ports. Default: true.
  loadBalancerClass: Which balancer's controller is to take it.
  internalTrafficPolicy: Cluster, or Local for pods on the same node only.
  trafficDistribution: A preference, such as PreferClose, for near pods.
ServicePort: A port of a service.
  name: Name of the port; needed when there are several.
  port: Port of the service.
  targetPort: Number or name of the pods' port. Default: the same as port.
  nodePort: Port on each node; given by the server or asked for.
ServiceStatus: What outside systems did for a service.
  loadBalancer: Where its balancer is.
LoadBalancerStatus: Where a balancer is.
  ingress: Its addresses.
LoadBalancerIngress: An address of a balancer.
  ipMode: VIP keeps the destination address, Proxy does not.
  ports: State of each port.
PortStatus: State of a balancer's port.
SessionAffinityConfig: Details of session affinity.
  clientIP: Details for ClientIP.
ClientIPConfig: Details for ClientIP.
  timeoutSeconds: How long a client is remembered. Default: 10800.
Endpoints: Addresses behind a service. Deprecated: see EndpointSlice.
  subsets: Groups of addresses with the same ports.
EndpointSubset: Addresses with the same ports.
  addresses: Those that are ready.
  notReadyAddresses: Those that are not.
  ports: Their ports.
EndpointAddress: One address.
  nodeName: Node that it is on.
  targetRef: Object, mostly a pod, that it belongs to.
EndpointPort: A port of the addresses.
  name: Name of the service's port.
ConfigMap: Settings that are not secret, as entries of text.
  immutable: True keeps the data from ever changing.
  data: Entries of text.
  binaryData: Entries of bytes, in base64.
Secret: Data that few should see, such as passwords and keys.
  immutable: True keeps the data from ever changing.
  data: Entries, in base64.
  stringData: Entries as text; only for writing: they land in data.
  type: What the Secret is for, such as Opaque or kubernetes.io/tls. It cannot change.
ServiceAccount: An identity for processes in pods.
  secrets: Secrets that its pods may use.
  imagePullSecrets: Credentials for registries that its pods get.
  automountServiceAccountToken: Whether its pods get its token mounted.
Event: Something that happened to an object.
  involvedObject: What it happened to.
  reason: What happened, in one word.
  message: What happened, in a sentence.
  source: Who saw it.
  firstTimestamp: When it first happened.
  lastTimestamp: When it last happened.
  count: How often it happened.
  type: Normal or Warning.
  eventTime: When it was first seen.
  series: How it went on.
  action: What was done about it.
  related: Another object that has to do with it.
  reportingComponent: Controller that tells of it.
  reportingInstance: Instance of that controller.
EventSeries: How an event went on.
  count: How often it happened.
  lastObservedTime: When it last happened.
EventSource: Who saw an event.
  component: Name of the component.
  host: Node that it runs on.
ObjectReference: An object.
  apiVersion: Group and version of the object.
  kind: Kind of the object.
  fieldPath: A part of it, such as spec.containers{name}.
LocalObjectReference: An object in the same namespace.
SecretReference: A Secret.
LimitRange: Smallest, greatest and default resources of pods, containers and claims in a namespace.
LimitRangeSpec: The limits.
  limits: One entry for each kind of thing.
LimitRangeItem: The limits of one kind of thing.
  type: Pod, Container or PersistentVolumeClaim.
  max: The most of each resource.
  min: The least of each resource.
  default: Limits for containers that have none.
  defaultRequest: Requests for containers that have none.
  maxLimitRequestRatio: How many times the request the limit may be.
ResourceQuota: How much a namespace may have altogether.
ResourceQuotaSpec: How much of what.
  hard: The most of each resource or number of objects.
  scopes: Count only pods that all of these hold for.
  scopeSelector: Count only pods that these requirements hold for.
ResourceQuotaStatus: How much is used.
  hard: The most that holds now.
  used: What is used now.
ScopeSelector: Requirements for pods to be counted.
  matchExpressions: The requirements.
ScopedResourceSelectorRequirement: A requirement for pods to be counted.
  scopeName: Such as PriorityClass or Terminating.
  operator: In, NotIn, Exists or DoesNotExist.
ReplicationController: Keeps a number of equal pods running. Deployments do more.
ReplicationControllerSpec: Which pods, and how many.
  selector: Labels of its pods. Default: those of the template.
ReplicationControllerStatus: How many there are.
  fullyLabeledReplicas: How many have all labels of the template.
ReplicationControllerCondition: One aspect of its state.
Binding: Puts a pod on a node.
  target: The node.
ComponentStatus: Health of a part of the control plane. Deprecated.
  conditions: What it says of itself.
ComponentCondition: Whether it is well.
  type: Healthy.
  message: Its answer.
TopologySelectorTerm: Requirements on a node's labels.
  matchLabelExpressions: The requirements.
TopologySelectorLabelRequirement: Values that a node's label may have.
  values: The values; one must be the node's.
`;
