/** authentication, authorization, certificates. */
export default `
TokenReview: Asks whether a token is valid, and whose it is.
TokenReviewSpec: The token.
  token: The token.
  audiences: Who it must be for. Default: the API server.
TokenReviewStatus: The answer.
  authenticated: Whether the token is valid.
  user: Whose it is.
  audiences: Which of the audiences asked for it is for.
TokenRequest: Asks for a token of a service account.
TokenRequestSpec: What the token is to be.
  audiences: Who it is for.
  boundObjectRef: Object that it ends with.
TokenRequestStatus: The token.
  token: The token.
  expirationTimestamp: When it ends.
BoundObjectReference: Object that a token ends with.
SelfSubjectReview: Asks who the caller is.
SelfSubjectReviewStatus: The answer.
  userInfo: Who the caller is.
UserInfo: A user.
  uid: Identifier of the user that no other one had.
SubjectAccessReview: Asks whether a user may do something.
LocalSubjectAccessReview: Asks whether a user may do something in one namespace.
SelfSubjectAccessReview: Asks whether the caller may do something.
SubjectAccessReviewSpec: Who, and what.
  resourceAttributes: A request for a resource.
  nonResourceAttributes: A request for another path.
  user: The user.
  uid: Identifier of the user.
SelfSubjectAccessReviewSpec = SubjectAccessReviewSpec: What.
SubjectAccessReviewStatus: The answer.
  allowed: Whether it is allowed.
  denied: Whether it is forbidden outright; mostly it is only not allowed.
  reason: Why.
  evaluationError: What went wrong on the way to the answer.
ResourceAttributes: A request for a resource.
  verb: What is done, such as get or create.
  group: Group of the resource.
  version: Version of the resource.
  resource: The resource.
  name: Name of the object; empty for all.
  namespace: Namespace of the object; empty for all.
  fieldSelector: Field selector of the request.
  labelSelector: Label selector of the request.
FieldSelectorAttributes: Field selector of a request.
  rawSelector: As text.
  requirements: As requirements.
LabelSelectorAttributes = FieldSelectorAttributes: Label selector of a request.
NonResourceAttributes: A request for a path that is no resource.
  verb: The HTTP method, in small letters.
SelfSubjectRulesReview: Asks for everything that the caller may do in a namespace.
SelfSubjectRulesReviewSpec: Where.
  namespace: The namespace.
SubjectRulesReviewStatus: The answer.
  resourceRules: What may be done to resources.
  nonResourceRules: What may be done to other paths.
  incomplete: Whether there may be more.
  evaluationError: What went wrong on the way to the answer.
ResourceRule: What may be done to resources.
  verbs: What may be done; * for everything.
  apiGroups: Groups of the resources; * for all.
  resources: The resources; * for all.
  resourceNames: Only objects of these names.
NonResourceRule: What may be done to paths.
  verbs: HTTP methods; * for all.
  nonResourceURLs: The paths; * for all, or at the end of one.
CertificateSigningRequest: Asks for a certificate.
CertificateSigningRequestSpec: What certificate. It cannot change.
  request: PKCS#10 request in PEM, in base64.
  signerName: Who is to sign it.
  expirationSeconds: How long it is to be valid; at least 600.
  usages: What it is to be used for.
  username: Who asked. Set by the server.
  uid: UID of who asked. Set by the server.
  groups: Groups of who asked. Set by the server.
  extra: Further facts about who asked. Set by the server.
CertificateSigningRequestStatus: What became of it.
  certificate: The certificates, in PEM, in base64.
CertificateSigningRequestCondition: Approved, Denied or Failed.
`;
