export default `
ObjectMeta: What every stored object has besides its own content: identity, labels, owners, history.
  name: Name of the object, unique in its namespace (or in the cluster) among objects of its kind. It cannot change.
  generateName: Beginning of the name when none is given: the server adds five random characters.
  namespace: Namespace that the object lives in; empty for kinds that live in none. It cannot change.
  selfLink: No longer set.
  uid: Identifier that no other object ever had or will have. Set by the server.
  resourceVersion: Version of the object, for optimistic concurrency, watches and change detection. Opaque: compare it for equality alone.
  generation: Number of the spec's version: it grows by one whenever the wanted state changes.
  creationTimestamp: CreationTimestamp is a timestamp of when the object was created, by the server's clock.
  deletionTimestamp: When the object is to be gone. Set by the server on a graceful deletion; the object goes when its finalizers are done.
  deletionGracePeriodSeconds: Seconds that the object was given to end by itself.
  labels: Keys and values to find and group objects by.
  annotations: Keys and values for tools and people; nothing selects by them.
  ownerReferences: Objects that this one depends on. When all of them are gone it is collected. At most one is the controller.
  finalizers: Who must be done before the object is removed. Each takes its own entry away.
  managedFields: Who last wrote which fields: kept by the server for server-side apply.
ListMeta: What every list has besides its items.
  selfLink: No longer set.
  resourceVersion: Version of the whole list: where a watch may go on from.
  continue: Token for the next page; empty on the last one.
  remainingItemCount: How many objects follow after this page, where that is known.
OwnerReference: An object in the same namespace (or in none) that the object depends on.
  kind: Kind of the owner.
  apiVersion: Group and version of the owner.
  name: Name of the owner.
  uid: UID of the owner: another object of that name is no owner.
  controller: Whether the owner is the one that manages this object.
  blockOwnerDeletion: With foreground deletion the owner stays until this object is gone.
ManagedFieldsEntry: The fields that one manager wrote by one way of writing.
  manager: Name of who wrote them.
  operation: How: Apply, or Update for everything else.
  apiVersion: Version that the fields are named in.
  time: When the entry was made or last changed.
  fieldsType: Format of the fields: FieldsV1.
  fieldsV1: The set of fields, as nested members "f:name", "k:{keys}" and "v:value".
  subresource: The subresource that was written to, if any.
LabelSelector: Objects by their labels: all requirements must hold. An empty selector means every object, a missing one none.
  matchLabels: Labels that must have exactly these values.
  matchExpressions: Requirements beyond equality.
LabelSelectorRequirement: What must hold of one label.
  key: The label's key.
  operator: In, NotIn, Exists or DoesNotExist.
FieldSelectorRequirement: What must hold of one field.
  key: The field's path.
Condition: One aspect of an object's state.
  type: Which aspect, in CamelCase or as domain/Name.
  status: Whether it holds: True, False or Unknown.
DeleteOptions: How to delete.
  gracePeriodSeconds: Seconds that the object gets to end by itself; 0 means at once. Default: the object's own.
  preconditions: What must hold, or nothing is deleted.
  orphanDependents: Deprecated: use propagationPolicy.
  propagationPolicy: What becomes of objects that depend on this one: Orphan, Background or Foreground.
  dryRun: "All" goes through everything and changes nothing.
  ignoreStoreReadErrorWithClusterBreakingPotential: Delete an object even where it cannot be read from the store.
Preconditions: What must hold of the stored object for a change to happen.
  uid: The UID that it must have.
  resourceVersion: The version that it must have.
Status: The outcome of a request that returns no object.
  status: Success or Failure.
  message: What happened, for people.
  reason: What happened, for programs: one of a fixed list of words.
  details: Facts to the reason: which object, which fields, when to try again.
  code: The HTTP status code.
StatusDetails: Facts to the reason of a Status.
  name: Name of the object.
  group: Group of the object's kind.
  kind: Kind (or resource) of the object.
  uid: UID of the object.
  causes: What exactly was wrong, one entry each.
  retryAfterSeconds: Wait this long before trying again.
StatusCause: One thing that was wrong.
  reason: Kind of the fault, such as FieldValueInvalid.
  message: What is wrong, for people.
  field: Path of the field in JSON.
Patch: Changes to an object: a JSON patch, a merge patch, a strategic merge patch, or an applied configuration.
TypeMeta: Kind and version of an object.
MicroTime: A time with microseconds.
Time: A time in seconds, in the format of RFC 3339.
WatchEvent: One change that a watch reports.
  type: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.
  object: The object as it is after the change (before it, when deleted), or a Status.
`;
