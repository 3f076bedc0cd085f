/** coordination, discovery, events, flowcontrol, metrics, node, scheduling. */
export default `
Lease: Says who holds something, and until when.
LeaseSpec: Who holds it.
  holderIdentity: Who holds it.
  leaseDurationSeconds: How long it holds after the last renewal.
  acquireTime: Since when.
  renewTime: When it was last renewed.
  leaseTransitions: How often it changed hands.
  strategy: How the holder is chosen.
  preferredHolder: Who should hold it next.
EndpointSlice: Addresses behind a service, or a part of them.
  addressType: IPv4, IPv6 or FQDN. It cannot change.
  endpoints: The addresses.
  ports: Their ports.
Endpoint: One address.
  addresses: The address; further ones mean the same.
  conditions: Whether it can be used.
  targetRef: Object, mostly a pod, that it belongs to.
  deprecatedTopology: No longer used.
  nodeName: Node that it is on.
  zone: Zone that it is in.
  hints: Who should use it.
EndpointConditions: Whether an address can be used.
  ready: Whether it takes new traffic.
  serving: Whether it could, even while it is ending.
  terminating: Whether it is ending.
EndpointHints: Who should use an address.
  forZones: Clients in these zones.
ForZone: A zone.
EndpointPort: A port of the addresses.
  name: Name of the service's port.
Event: Something that happened to an object.
  eventTime: When it was first seen.
  series: How it went on.
  reportingController: Controller that tells of it, as domain/name.
  reportingInstance: Instance of that controller.
  action: What was done about it.
  regarding: What it happened to.
  related: Another object that has to do with it.
  note: What happened, in a sentence.
  type: Normal or Warning.
  deprecatedSource: As in core/v1.
  deprecatedFirstTimestamp: As in core/v1.
  deprecatedLastTimestamp: As in core/v1.
  deprecatedCount: As in core/v1.
EventSeries: How an event went on.
  count: How often it happened.
  lastObservedTime: When it last happened.
FlowSchema: Sorts requests into priority levels.
FlowSchemaSpec: Which requests, and which level.
  priorityLevelConfiguration: The level.
  matchingPrecedence: Rank; the schema with the smallest number that fits counts. Default: 1000.
  distinguisherMethod: What tells one flow from another.
FlowSchemaStatus: What the server found.
FlowSchemaCondition: One aspect, such as Dangling.
FlowDistinguisherMethod: What tells one flow from another.
  type: ByUser or ByNamespace.
PriorityLevelConfigurationReference: A priority level.
PolicyRulesWithSubjects: Requests, by who does what.
  subjects: Who.
  resourceRules: Requests for resources.
  nonResourceRules: Requests for other paths.
Subject: Who makes a request.
  kind: User, Group or ServiceAccount.
  user: The user.
  group: The group.
  serviceAccount: The service account.
UserSubject: A user; * for all.
GroupSubject: A group; * for all.
ServiceAccountSubject: A service account; * for all of the namespace.
ResourcePolicyRule: Requests for resources.
  verbs: What is done; * for everything.
  apiGroups: Groups of the resources; * for all.
  resources: The resources; * for all.
  clusterScope: Whether requests without namespace are meant.
  namespaces: Namespaces of the requests; * for all.
NonResourcePolicyRule: Requests for paths that are no resources.
  verbs: HTTP methods; * for all.
  nonResourceURLs: The paths; * for all.
PriorityLevelConfiguration: A share of the API server's attention.
PriorityLevelConfigurationSpec: How big a share.
  type: Exempt from limits, or Limited.
  limited: Details of Limited.
  exempt: Details of Exempt.
PriorityLevelConfigurationStatus: What the server found.
PriorityLevelConfigurationCondition: One aspect of its state.
LimitedPriorityLevelConfiguration: How many requests at once.
  nominalConcurrencyShares: Share of all requests at once, compared with other levels. Default: 30.
  limitResponse: What happens to requests beyond it.
  lendablePercent: How much of the share others may borrow. Default: 0.
  borrowingLimitPercent: How much may be borrowed from others.
ExemptPriorityLevelConfiguration: A level without limits.
  nominalConcurrencyShares: Share that others can't count on. Default: 0.
  lendablePercent: How much of the share others may borrow. Default: 0.
LimitResponse: What happens to requests beyond the limit.
  type: Queue or Reject.
  queuing: Details of Queue.
QueuingConfiguration: How requests wait.
  queues: How many queues. Default: 64.
  handSize: How many queues a flow may choose from. Default: 8.
  queueLengthLimit: How many requests a queue holds. Default: 50.
NodeMetrics: What a node used lately.
  timestamp: When it was measured.
  window: Over how long.
  usage: What was used.
PodMetrics: What a pod used lately.
  timestamp: When it was measured.
  window: Over how long.
  containers: What its containers used.
ContainerMetrics: What a container used.
  usage: What was used.
RuntimeClass: A way to run containers.
  handler: Name of the handler at the container runtime. It cannot change.
  overhead: What a pod needs beyond its containers.
  scheduling: Nodes that have the handler.
Overhead: What a pod needs beyond its containers.
  podFixed: The same for every pod.
Scheduling: Nodes that have a handler.
  nodeSelector: Labels of such nodes.
  tolerations: Taints of such nodes that pods put up with.
PriorityClass: A name for a priority of pods.
  value: The priority; higher goes first. It cannot change.
  globalDefault: Whether pods without class get this one.
  description: What it is for.
  preemptionPolicy: Whether such pods may displace others: PreemptLowerPriority or Never.
`;
