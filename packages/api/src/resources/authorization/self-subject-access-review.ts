import { defineVirtual } from "../../define.ts";

export const selfSubjectAccessReviews = defineVirtual({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectAccessReview",
  resource: "selfsubjectaccessreviews",
  schema: "authorization/v1.SelfSubjectAccessReview",
  namespaced: false,
});
