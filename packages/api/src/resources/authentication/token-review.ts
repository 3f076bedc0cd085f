import { defineVirtual } from "../../define.ts";

export const tokenReviews = defineVirtual({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenReview",
  resource: "tokenreviews",
  schema: "authentication/v1.TokenReview",
  namespaced: false,
});
