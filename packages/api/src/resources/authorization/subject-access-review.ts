import { defineVirtual } from "../../define.ts";

export const subjectAccessReviews = defineVirtual({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SubjectAccessReview",
  resource: "subjectaccessreviews",
  schema: "authorization/v1.SubjectAccessReview",
  namespaced: false,
});
