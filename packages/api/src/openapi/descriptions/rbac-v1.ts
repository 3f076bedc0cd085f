export default `
Role: Rights within a namespace.
ClusterRole: Rights in the whole cluster, or to be given in a namespace by a RoleBinding.
  aggregationRule: The rules are those of other roles, found by label.
AggregationRule: Which roles make up this one.
  clusterRoleSelectors: Labels of the roles; one selector is enough.
PolicyRule: What may be done to what. There is no rule that forbids.
  verbs: What may be done, such as get, list, create; * for everything.
  apiGroups: Groups of the resources; "" for the core group, * for all.
  resources: The resources, such as pods or pods/log; * for all.
  resourceNames: Only objects of these names.
  nonResourceURLs: Paths that are no resources, such as /healthz/*.
RoleBinding: Gives a role to users, groups and service accounts, within its namespace.
  subjects: Who gets it.
  roleRef: The role. It cannot change.
ClusterRoleBinding: Gives a role to users, groups and service accounts, in the whole cluster.
  subjects: Who gets it.
  roleRef: The role. It cannot change.
RoleRef: A role.
  kind: Role or ClusterRole.
Subject: Who gets a role.
  kind: User, Group or ServiceAccount.
`;
