import { defaultPodSpec } from "../../defaults/pod-spec.ts";
import { column, defineResource, nameColumn } from "../../define.ts";
import type { PodTemplate } from "../../types.ts";
import { podSpecWarnings } from "../../validation/pod.ts";
import { validatePodTemplate } from "../../validation/pod-spec.ts";
import { containerImages, containerNames, formatLabels } from "../pod-columns.ts";

export const podTemplates = defineResource<PodTemplate>({
  group: "",
  version: "v1",
  kind: "PodTemplate",
  resource: "podtemplates",
  schema: "core/v1.PodTemplate",
  table: [
    nameColumn(),
    column("Containers", ({ template }) => containerNames(template?.spec)),
    column("Images", ({ template }) => containerImages(template?.spec)),
    column("Pod Labels", ({ template }) => formatLabels(template?.metadata?.labels)),
  ],
  defaults({ template }) {
    if (template?.spec) defaultPodSpec(template.spec);
  },
  strategy: {
    tracksGeneration: true,
    validate: ({ template }, errors) => validatePodTemplate(template, "template", errors),
    warnings: ({ template }) => (template?.spec ? podSpecWarnings(template.spec, "template.spec") : []),
  },
});
