import { defineVirtual } from "../../define.ts";

export const localSubjectAccessReviews = defineVirtual({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "LocalSubjectAccessReview",
  resource: "localsubjectaccessreviews",
  schema: "authorization/v1.LocalSubjectAccessReview",
  namespaced: true,
});
