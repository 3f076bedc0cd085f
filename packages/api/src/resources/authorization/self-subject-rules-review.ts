import { defineVirtual } from "../../define.ts";

export const selfSubjectRulesReviews = defineVirtual({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectRulesReview",
  resource: "selfsubjectrulesreviews",
  schema: "authorization/v1.SelfSubjectRulesReview",
  namespaced: false,
});
