export default `
Pod: Containers that run together on one node, sharing network and volumes: the smallest thing that is scheduled.
  spec: What is to run, and how.
  status: How it runs; written by the kubelet of its node.
PodSpec: What a pod is to run, where and how.
  volumes: Volumes that the pod's containers may mount.
  initContainers: Containers that run one after the other, each to its end, before the others start. With restartPolicy Always one is a sidecar: it keeps running.
  containers: The containers of the pod: at least one. They cannot be added to or taken from later.
  ephemeralContainers: Containers put into the running pod to look into it; only through the pod's subresource of that name.
  restartPolicy: When ended containers start again: Always, OnFailure or Never. Default: Always.
  terminationGracePeriodSeconds: Seconds between asking the processes to end and killing them. Default: 30.
  activeDeadlineSeconds: The pod is failed and ended after so many seconds on its node.
  dnsPolicy: Where names are resolved: ClusterFirst, ClusterFirstWithHostNet, Default (as the node does) or None (as dnsConfig says).
  nodeSelector: Labels that the node must have.
  serviceAccountName: The service account that the pod acts as. Default: "default".
  serviceAccount: Old name of serviceAccountName.
  automountServiceAccountToken: Whether the service account's token is mounted into the containers.
  nodeName: The node that runs the pod. The scheduler sets it; a pod made with it is not scheduled.
  hostNetwork: Use the node's network instead of an own one.
  hostPID: See the node's processes.
  hostIPC: Share the node's inter-process communication.
  shareProcessNamespace: Let all containers of the pod see each other's processes.
  securityContext: Rights and users of all containers; a container's own settings go first.
  imagePullSecrets: Secrets with credentials for the image registries.
  hostname: Host name of the pod. Default: its name.
  subdomain: With it the full host name is hostname.subdomain.namespace.svc and the cluster's domain.
  affinity: Rules about nodes and other pods that decide where the pod may or should run.
  schedulerName: Which scheduler places the pod. Default: default-scheduler.
  tolerations: Taints of nodes that the pod puts up with.
  hostAliases: Further lines for the pod's hosts file.
  priorityClassName: Name of the PriorityClass that gives the pod its priority.
  priority: The priority as a number, from its class: higher goes first, and may displace lower.
  dnsConfig: DNS settings beside those of dnsPolicy.
  readinessGates: Further conditions that must be true for the pod to be ready.
  runtimeClassName: RuntimeClass that says which container runtime runs the pod.
  enableServiceLinks: Whether the namespace's services stand in the containers' environment. Default: true.
  preemptionPolicy: Whether the pod may displace others of lower priority: PreemptLowerPriority or Never.
  overhead: What the pod needs beyond its containers, from its RuntimeClass.
  topologySpreadConstraints: How pods like this one are spread over zones, nodes and other domains.
  setHostnameAsFQDN: Use the full domain name as host name. Default: false.
  os: The operating system that the containers are made for.
  hostUsers: False gives the pod a user namespace of its own. Default: true.
  schedulingGates: The pod is not scheduled while there are any; they can only be taken away.
  resourceClaims: Resource claims that must be met before the pod starts.
  resources: What all containers of the pod together need and may use.
PodStatus: What is known of a pod's life.
  phase: Summary of its life: Pending, Running, Succeeded, Failed or Unknown.
  nominatedNodeName: Node where lower pods were displaced to make room for this one.
  hostIP: IP address of the pod's node.
  hostIPs: All IP addresses of the pod's node.
  podIP: IP address of the pod.
  podIPs: IP addresses of the pod, at most one of each family.
  startTime: When the kubelet took the pod in hand.
  initContainerStatuses: State of each init container.
  containerStatuses: State of each container.
  ephemeralContainerStatuses: State of each ephemeral container.
  qosClass: Guaranteed, Burstable or BestEffort, from the containers' requests and limits.
  resize: How far a change of the containers' resources has come.
  resourceClaimStatuses: The claims that were made for the pod.
PodCondition: One aspect of a pod's state, such as Ready or PodScheduled.
PodTemplate: A pod's description, kept for making pods from it.
PodTemplateSpec: What pods made from a template are to be.
  metadata: Labels and annotations of the pods.
  spec: What the pods are to run.
Container: One container of a pod.
  name: Name of the container, unique in the pod.
  image: Image to run.
  command: Program to run instead of the image's entry point. $(NAME) stands for a variable of the environment.
  args: Arguments of the program, instead of the image's. $(NAME) stands for a variable of the environment.
  workingDir: Directory that the program starts in, instead of the image's.
  ports: Ports that the container listens on. For information: others can be reached as well.
  envFrom: ConfigMaps and Secrets whose entries all become variables.
  env: Variables of the environment.
  resources: What the container needs and may use at most.
  resizePolicy: Whether a change of resources restarts the container.
  restartPolicy: Only for init containers: Always makes it a sidecar.
  volumeMounts: Volumes and where they appear in the container.
  volumeDevices: Block volumes and where they appear as devices.
  livenessProbe: Check whether the container is alive; it is restarted when not.
  readinessProbe: Check whether the container can serve; the pod gets no traffic from services when not.
  startupProbe: Check whether the container has started; the other probes wait for it.
  lifecycle: What to do after the start and before the end.
  terminationMessagePath: File whose content becomes the message of the ended container. Default: /dev/termination-log.
  terminationMessagePolicy: File, or FallbackToLogsOnError to take the end of the log where there is no file.
  imagePullPolicy: When the image is pulled: Always, IfNotPresent or Never. Default: Always for the tag latest, else IfNotPresent.
  securityContext: Rights and users of the container; they go before the pod's.
  stdin: Keep standard input open for attaching to it. Default: false.
  stdinOnce: Close standard input after the first client has left. Default: false.
  tty: Give the container a terminal. Default: false.
EphemeralContainer = Container: A container put into a running pod, for looking into it.
  targetContainerName: Container whose processes this one sees.
ContainerPort: A port that a container listens on.
  name: Name of the port, for services to use.
  hostPort: Port on the node that leads to this one.
  containerPort: The port in the container.
  hostIP: Address on the node to bind the host port to.
ContainerResizePolicy: What a change of one resource does to the container.
  resourceName: The resource: cpu or memory.
  restartPolicy: NotRequired, or RestartContainer.
EnvVar: A variable of the environment.
  name: Name of the variable.
  value: Its value. $(NAME) stands for a variable defined before it.
  valueFrom: Where the value comes from, when it is not given here.
EnvVarSource: Where a variable's value comes from: one of these.
  fieldRef: A field of the pod, such as metadata.name or status.podIP.
  resourceFieldRef: A request or limit of a container.
  configMapKeyRef: An entry of a ConfigMap.
  secretKeyRef: An entry of a Secret.
EnvFromSource: A ConfigMap or Secret whose entries become variables.
  prefix: Put before each name.
  configMapRef: The ConfigMap.
  secretRef: The Secret.
ConfigMapKeySelector: One entry of a ConfigMap.
  key: The entry to take.
SecretKeySelector: One entry of a Secret.
  key: The entry to take.
ConfigMapEnvSource: A ConfigMap as environment.
SecretEnvSource: A Secret as environment.
ObjectFieldSelector: A field of an object.
  apiVersion: Version that the path is written for. Default: v1.
  fieldPath: Path of the field.
ResourceFieldSelector: A request or limit of a container.
  containerName: The container; needed in volumes.
  resource: Such as limits.cpu or requests.memory.
  divisor: Unit of the result. Default: 1.
Probe: A check of a container: one of exec, httpGet, tcpSocket and grpc.
  exec: Run a command in the container; exit code 0 is well.
  httpGet: Make an HTTP request; a code from 200 to 399 is well.
  tcpSocket: Open a TCP connection.
  grpc: Ask the gRPC health service.
  initialDelaySeconds: Wait this long after the container's start before the first check.
  timeoutSeconds: A check that takes longer has failed. Default: 1.
  periodSeconds: Check this often. Default: 10.
  successThreshold: So many successes in a row after a failure count as well. Default: 1.
  failureThreshold: So many failures in a row count as failed. Default: 3.
  terminationGracePeriodSeconds: Grace of the container when this probe ends it, instead of the pod's.
ExecAction: A command to run in the container.
  command: Program and arguments; no shell takes part.
HTTPGetAction: An HTTP request.
  path: Path to ask for.
  port: Number or name of the port.
  host: Host to connect to. Default: the pod's address.
  scheme: HTTP or HTTPS. Default: HTTP.
  httpHeaders: Headers to send.
HTTPHeader: A header of a request.
TCPSocketAction: A TCP connection.
  port: Number or name of the port.
  host: Host to connect to. Default: the pod's address.
GRPCAction: A call of the gRPC health service.
  service: Name of the service to ask about. Default: "".
SleepAction: A pause.
  seconds: How long.
Lifecycle: What to do at the beginning and the end of a container.
  postStart: Right after the start. If it fails the container is ended.
  preStop: Before the container is asked to end; it takes from the grace period.
LifecycleHandler: What to do: one of these.
  exec: Run a command.
  httpGet: Make an HTTP request.
  tcpSocket: Deprecated; it does nothing.
  sleep: Wait.
ResourceRequirements: What is needed and what may be used.
  limits: The most that may be used of each resource.
  requests: What is set aside of each resource; the scheduler goes by it. Default: the limits.
  claims: Resource claims of the pod that the container uses.
ResourceClaim: A claim of the pod that a container uses.
  request: One request of the claim; empty for all of it.
SecurityContext: Rights and users of a container.
  capabilities: Kernel capabilities to add or drop.
  privileged: All rights of root on the node. Default: false.
  seLinuxOptions: SELinux label of the container.
  windowsOptions: Settings for Windows.
  runAsUser: User ID of the processes. Default: the image's.
  runAsGroup: Group ID of the processes.
  runAsNonRoot: Refuse to start when it would run as root.
  readOnlyRootFilesystem: Mount the root file system read-only. Default: false.
  allowPrivilegeEscalation: Whether a process may get more rights than its parent.
  procMount: How /proc is mounted: Default or Unmasked.
  seccompProfile: System calls that are allowed.
  appArmorProfile: AppArmor profile of the container.
PodSecurityContext: Rights and users of all containers of a pod.
  seLinuxOptions: SELinux label of all containers.
  windowsOptions: Settings for Windows.
  runAsUser: User ID of the processes. Default: the image's.
  runAsGroup: Group ID of the processes.
  runAsNonRoot: Refuse to start containers that would run as root.
  supplementalGroups: Further groups of the first process.
  supplementalGroupsPolicy: Merge with the groups of the image, or Strict to take only those given here.
  fsGroup: Group that owns the volumes, and that all processes belong to.
  sysctls: Kernel parameters of the pod.
  fsGroupChangePolicy: When the volumes' owner is changed: Always or OnRootMismatch.
  seccompProfile: System calls that are allowed.
  appArmorProfile: AppArmor profile of the containers.
  seLinuxChangePolicy: How volumes get their SELinux label: MountOption or Recursive.
Capabilities: Kernel capabilities of a container.
  add: Those to add.
  drop: Those to take away.
SELinuxOptions: Parts of an SELinux label.
  user: The user part.
  role: The role part.
  type: The type part.
  level: The level part.
SeccompProfile: Which system calls are allowed.
  type: RuntimeDefault, Unconfined or Localhost.
  localhostProfile: File on the node, for Localhost.
AppArmorProfile: Which AppArmor profile holds.
  type: RuntimeDefault, Unconfined or Localhost.
  localhostProfile: Profile loaded on the node, for Localhost.
WindowsSecurityContextOptions: Settings of a container on Windows.
  gmsaCredentialSpecName: Name of the GMSA credential spec.
  gmsaCredentialSpec: The GMSA credential spec itself.
  runAsUserName: User of the first process.
  hostProcess: Run as a process of the host.
Sysctl: A kernel parameter.
Affinity: Where a pod may or should run.
  nodeAffinity: Rules about nodes.
  podAffinity: Rules about being near other pods.
  podAntiAffinity: Rules about being away from other pods.
NodeAffinity: Rules about nodes.
  requiredDuringSchedulingIgnoredDuringExecution: Only nodes that match will do. Later changes of a node don't move the pod.
  preferredDuringSchedulingIgnoredDuringExecution: Nodes that match are better, by the weights added up.
PodAffinity: Rules about being near other pods.
  requiredDuringSchedulingIgnoredDuringExecution: Only places near such pods will do.
  preferredDuringSchedulingIgnoredDuringExecution: Places near such pods are better, by the weights added up.
PodAntiAffinity: Rules about being away from other pods.
  requiredDuringSchedulingIgnoredDuringExecution: Places near such pods will not do.
  preferredDuringSchedulingIgnoredDuringExecution: Places near such pods are worse, by the weights added up.
NodeSelector: Nodes that match one of the terms.
  nodeSelectorTerms: The terms; one is enough.
NodeSelectorTerm: Requirements that must all hold; an empty term matches nothing.
  matchExpressions: About the node's labels.
  matchFields: About the node's fields; only metadata.name.
NodeSelectorRequirement: What must hold of one label or field.
  operator: In, NotIn, Exists, DoesNotExist, Gt or Lt.
PreferredSchedulingTerm: A rule with its weight.
  weight: From 1 to 100.
  preference: Which nodes.
WeightedPodAffinityTerm: A rule with its weight.
  weight: From 1 to 100.
  podAffinityTerm: Which pods, and what near means.
PodAffinityTerm: Which pods, and what near means.
  labelSelector: The pods, by their labels.
  namespaces: Namespaces to look for them in. Default: the pod's own.
  topologyKey: Nodes with the same value of this label are one place.
  matchLabelKeys: Labels of the new pod whose values the others must share.
  mismatchLabelKeys: Labels of the new pod whose values the others must not share.
TopologySpreadConstraint: How evenly pods are spread over places.
  maxSkew: How many more matching pods one place may have than the one with fewest.
  topologyKey: Nodes with the same value of this label are one place.
  whenUnsatisfiable: DoNotSchedule, or ScheduleAnyway to prefer it only.
  labelSelector: Which pods are counted.
  minDomains: With fewer places than this, the fewest counts as 0.
  nodeAffinityPolicy: Honor counts only nodes that the pod's node rules allow; Ignore counts all.
  nodeTaintsPolicy: Honor leaves out nodes with taints that the pod does not tolerate; Ignore counts all.
  matchLabelKeys: Labels of the new pod whose values the counted pods must share.
Toleration: A taint that the pod puts up with.
  key: The taint's key; empty with Exists for every key.
  operator: Equal or Exists. Default: Equal.
  value: The taint's value, for Equal.
  effect: The taint's effect; empty for every effect.
  tolerationSeconds: How long a NoExecute taint is put up with; nothing means for ever.
HostAlias: Names for an address in the pod's hosts file.
  hostnames: The names.
PodDNSConfig: DNS settings of a pod.
  nameservers: Servers to ask.
  searches: Domains to try for short names.
  options: Resolver options.
PodDNSConfigOption: A resolver option.
PodReadinessGate: A condition that readiness also depends on.
  conditionType: Type of the condition.
PodOS: Operating system of the containers.
  name: linux or windows.
PodSchedulingGate: Something that the pod waits for before it is scheduled.
PodResourceClaim: A claim of the pod, by name or made from a template.
  resourceClaimName: An existing claim.
  resourceClaimTemplateName: Template that a claim is made from.
PodResourceClaimStatus: The claim that was made for an entry of spec.resourceClaims.
  resourceClaimName: Name of the claim.
PodIP: An address of the pod.
HostIP: An address of the node.
ContainerStatus: State of a container.
  name: Name of the container.
  state: What it is doing.
  lastState: How it ended the last time.
  ready: Whether it passes its readiness probe.
  restartCount: How often it was started again.
  image: Image that runs.
  imageID: Exact image that runs.
  containerID: Identifier at the runtime, as runtime://id.
  started: Whether it has passed its startup probe.
  allocatedResources: What the node has set aside for it.
  resources: Requests and limits that hold now.
  volumeMounts: Its mounts.
  user: User that its first process started as.
  allocatedResourcesStatus: Health of the devices given to it.
ContainerState: What a container is doing: one of these.
  waiting: It does not run yet.
  running: It runs.
  terminated: It has ended.
ContainerStateWaiting: Why a container does not run yet.
ContainerStateRunning: A container that runs.
  startedAt: When it was started.
ContainerStateTerminated: How a container ended.
  exitCode: Exit code of its first process.
  signal: Signal that ended it.
  startedAt: When it was started.
  finishedAt: When it ended.
  containerID: Identifier at the runtime, as runtime://id.
ContainerUser: User of a container.
  linux: User and groups on Linux.
LinuxContainerUser: User and groups on Linux.
  uid: User ID.
  gid: Group ID.
  supplementalGroups: Further groups.
ResourceStatus: Health of the devices of one resource.
  resources: The devices.
ResourceHealth: Health of one device.
  resourceID: Identifier of the device.
  health: Healthy, Unhealthy or Unknown.
`;
