/** admissionregistration, apiextensions, apiregistration. */
export default `
ValidatingWebhookConfiguration: Webhooks that may refuse requests.
  webhooks: The webhooks.
MutatingWebhookConfiguration: Webhooks that may change or refuse requests.
  webhooks: The webhooks.
ValidatingWebhook: A webhook and the requests it is asked about.
  name: Full name, such as check.example.com.
  clientConfig: Where it is.
  rules: Requests that it is asked about.
  failurePolicy: What an error means: Fail refuses the request, Ignore lets it pass. Default: Fail.
  matchPolicy: Exact, or Equivalent for requests in another version too. Default: Equivalent.
  objectSelector: Only objects with such labels, before or after.
  sideEffects: What else a call does: None or NoneOnDryRun.
  timeoutSeconds: How long it may take; an error after. Default: 10.
  admissionReviewVersions: Versions of AdmissionReview that it understands, best first.
  matchConditions: Expressions that must all be true for it to be asked.
MutatingWebhook = ValidatingWebhook: A webhook and the requests it is asked about.
  reinvocationPolicy: Whether it is asked again after others changed the object: Never or IfNeeded. Default: Never.
RuleWithOperations: Requests, by what they do to what.
  operations: CREATE, UPDATE, DELETE, CONNECT, or * for all.
  apiGroups: Groups of the resources; * for all.
  apiVersions: Versions of the resources; * for all.
  resources: The resources, such as pods or pods/*; * for all.
  scope: Cluster, Namespaced or *. Default: *.
NamedRuleWithOperations = RuleWithOperations: Requests, by what they do to what.
  resourceNames: Only objects of these names.
WebhookClientConfig: Where a webhook is: one of url and service.
  url: Its address; https only.
  service: A service in the cluster.
ServiceReference: A service.
  path: Path to call.
  port: Port of the service. Default: 443.
MatchCondition: An expression that must be true.
  name: Name of the condition.
  expression: CEL over object, oldObject, request and authorizer.
ValidatingAdmissionPolicy: Rules in CEL that requests must obey.
ValidatingAdmissionPolicySpec: The rules.
  paramKind: Kind of the objects with parameters.
  matchConstraints: Requests that the rules are about.
  validations: The rules.
  failurePolicy: What an error means: Fail or Ignore. Default: Fail.
  auditAnnotations: What is noted in the audit log.
  matchConditions: Expressions that must all be true for the rules to be asked.
  variables: Expressions with names, for use in others.
ValidatingAdmissionPolicyStatus: What the server found.
  typeChecking: Faults in the expressions.
TypeChecking: Faults in the expressions.
  expressionWarnings: The faults.
ExpressionWarning: A fault in an expression.
  fieldRef: Path of the expression.
  warning: What is wrong.
Validation: A rule.
  expression: CEL that is true when the rule is obeyed.
  message: What to say when it is not.
  reason: Reason of the answer: Unauthorized, Forbidden, Invalid or RequestEntityTooLarge.
  messageExpression: CEL for what to say.
AuditAnnotation: A note in the audit log.
  key: Its key.
  valueExpression: CEL for its value.
Variable: An expression with a name.
  name: Its name: variables.name in others.
ParamKind: Kind of the objects with parameters.
  apiVersion: Group and version of the kind.
  kind: The kind.
ValidatingAdmissionPolicyBinding: Puts a policy in force.
ValidatingAdmissionPolicyBindingSpec: Which policy, where, with which parameters.
  policyName: The policy.
  paramRef: Objects with parameters.
  matchResources: Only these of the policy's requests.
  validationActions: What happens when a rule is not obeyed: Deny, Warn, Audit.
ParamRef: Objects with parameters.
  name: Name of the object.
  namespace: Where it is. Default: the namespace of the request.
  selector: Objects by their labels, instead of a name.
  parameterNotFoundAction: Without any: Allow or Deny.
MatchResources: Requests.
  objectSelector: Only objects with such labels, before or after.
  resourceRules: Requests that are meant.
  excludeResourceRules: Requests that are not.
  matchPolicy: Exact, or Equivalent for requests in another version too. Default: Equivalent.
APIService: Leads the requests of a group and version to a server.
APIServiceSpec: Which group and version, and which server.
  service: The server; nothing for this API server itself.
  group: The group.
  version: The version.
  insecureSkipTLSVerify: Don't check the server's certificate.
  groupPriorityMinimum: Rank of the group; greater goes first.
  versionPriority: Rank of the version in its group; greater goes first.
APIServiceStatus: Whether the server can be reached.
APIServiceCondition: One aspect: Available.
CustomResourceDefinition: Adds a kind to the API.
CustomResourceDefinitionSpec: What kind.
  group: Its group.
  names: What it is called.
  scope: Namespaced or Cluster.
  versions: Its versions.
  conversion: How objects are turned from one version into another.
  preserveUnknownFields: Must be false.
CustomResourceDefinitionNames: What a kind is called.
  plural: Name in paths, in small letters.
  singular: One of them, in small letters. Default: the kind in small letters.
  shortNames: Short names for the command line.
  kind: The kind, in CamelCase.
  listKind: Kind of lists. Default: the kind and List.
  categories: Groups of kinds for the command line, such as all.
CustomResourceDefinitionVersion: A version of a kind.
  name: Its name, such as v1.
  served: Whether it is served.
  storage: Whether objects are stored in it: exactly one is.
  deprecated: Whether requests get a warning.
  deprecationWarning: The warning.
  schema: What objects look like.
  subresources: Which subresources there are.
  additionalPrinterColumns: Columns for the command line.
  selectableFields: Fields that field selectors may name.
SelectableField: A field for field selectors.
  jsonPath: Path of the field, such as .spec.color.
CustomResourceValidation: What objects look like.
  openAPIV3Schema: The schema.
CustomResourceSubresources: Which subresources there are.
  status: Writes to it change the status alone, other writes everything else.
  scale: The object as a Scale.
CustomResourceSubresourceStatus: The status subresource; it has no settings.
CustomResourceSubresourceScale: Where a Scale's numbers are.
  specReplicasPath: Path of the number that is wanted.
  statusReplicasPath: Path of the number that there is.
  labelSelectorPath: Path of the selector, as text.
CustomResourceColumnDefinition: A column for the command line.
  name: Its title.
  type: string, integer, number, boolean or date.
  format: Finer type, such as int32.
  priority: 0 shows always, more in wide output only.
  jsonPath: Path of the value.
CustomResourceConversion: How objects are turned from one version into another.
  strategy: None changes apiVersion alone; Webhook asks a webhook.
  webhook: The webhook.
WebhookConversion: A webhook that converts.
  clientConfig: Where it is.
  conversionReviewVersions: Versions of ConversionReview that it understands, best first.
CustomResourceDefinitionStatus: How far the kind is.
  acceptedNames: Names that are in use.
  storedVersions: Versions that objects may be stored in.
CustomResourceDefinitionCondition: One aspect, such as Established.
ValidationRule: A rule in CEL.
  rule: CEL that is true when the value (self) is valid.
  message: What to say when it is not.
  messageExpression: CEL for what to say.
  reason: Kind of the fault.
  fieldPath: Path of the field at fault.
  optionalOldSelf: Ask also when there was no old value.
ExternalDocumentation: Where to read more.
JSONSchemaProps: A JSON schema (draft 4 as OpenAPI 3.0 has it).
  id: Identifier of the schema.
  $schema: Address of the schema's own schema.
  $ref: Not allowed in custom resources.
  type: Type of the value: object, array, string, integer, number or boolean.
  format: Finer type, such as date-time or int64.
  title: Title.
  default: Value where there is none.
  maximum: Greatest number.
  exclusiveMaximum: Whether the greatest number is itself left out.
  minimum: Smallest number.
  exclusiveMinimum: Whether the smallest number is itself left out.
  maxLength: Greatest length of a text.
  minLength: Smallest length of a text.
  pattern: Regular expression that a text must match.
  maxItems: Greatest length of a list.
  minItems: Smallest length of a list.
  uniqueItems: Must be false.
  multipleOf: What a number must be a multiple of.
  enum: The values that are allowed.
  maxProperties: Most members of an object.
  minProperties: Fewest members of an object.
  required: Members that must be there.
  items: Schema of a list's items.
  allOf: Schemas that must all hold.
  oneOf: Schemas of which exactly one must hold.
  anyOf: Schemas of which at least one must hold.
  not: Schema that must not hold.
  properties: Schemas of the members.
  additionalProperties: Schema of members with other names.
  patternProperties: Not allowed in custom resources.
  dependencies: Not allowed in custom resources.
  additionalItems: Not allowed in custom resources.
  definitions: Not allowed in custom resources.
  externalDocs: Where to read more.
  example: An example.
  nullable: Whether null is allowed.
  x-kubernetes-preserve-unknown-fields: Keep members that the schema does not name.
  x-kubernetes-embedded-resource: The value is an object with apiVersion, kind and metadata.
  x-kubernetes-int-or-string: The value is an integer or a text.
  x-kubernetes-list-map-keys: Members that tell the items of a map-like list apart.
  x-kubernetes-list-type: atomic, set or map: how a list is merged.
  x-kubernetes-map-type: granular or atomic: how an object is merged.
  x-kubernetes-validations: Rules in CEL.
`;
