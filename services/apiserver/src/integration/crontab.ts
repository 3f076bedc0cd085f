/** A custom kind with something of everything: patterns, defaults, keyed lists, rules. */
const SPEC = {
  type: "object",
  required: ["cronSpec"],
  description: "What is wished for.",
  properties: {
    cronSpec: { type: "string", pattern: "^(\\S+\\s+){4}\\S+$", description: "When to run, in five fields." },
    image: { type: "string", default: "busybox" },
    replicas: { type: "integer", minimum: 1, maximum: 10, default: 1 },
    min: { type: "integer" },
    max: { type: "integer" },
    env: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: { type: "object", required: ["name"], properties: { name: { type: "string" }, value: { type: "string" } } },
    },
    extra: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    port: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] },
  },
  "x-kubernetes-validations": [
    { rule: "!has(self.min) || !has(self.max) || self.min <= self.max", message: "min must not be above max" },
    { rule: "self.image == oldSelf.image", message: "image is immutable", fieldPath: ".image" },
  ],
};

/** Its definition in a group; `more` is added to its version. */
export const crd = (group: string, more: object = {}, names: object = {}) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `crontabs.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { plural: "crontabs", singular: "crontab", kind: "CronTab", shortNames: ["ct"], categories: ["all"], ...names },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: SPEC,
              status: { type: "object", properties: { replicas: { type: "integer" }, labelSelector: { type: "string" } } },
            },
          },
        },
        subresources: {
          status: {},
          scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: ".status.labelSelector" },
        },
        additionalPrinterColumns: [
          { name: "Spec", type: "string", jsonPath: ".spec.cronSpec" },
          { name: "Replicas", type: "integer", jsonPath: ".spec.replicas" },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
        selectableFields: [{ jsonPath: ".spec.image" }],
        ...more,
      },
    ],
  },
});
