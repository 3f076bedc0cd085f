import { defineVirtual } from "../../define.ts";

export const selfSubjectReviews = defineVirtual({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "SelfSubjectReview",
  resource: "selfsubjectreviews",
  schema: "authentication/v1.SelfSubjectReview",
  namespaced: false,
});
