import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import { dns1123SubdomainErrors } from "../../names.ts";
import type { VolumeAttachment } from "../../types.ts";
import { immutable } from "../../validation/common.ts";
import { csiDriverName } from "../../validation/volume-sources.ts";

const ONE_SOURCE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";

export const volumeAttachments = defineResource<VolumeAttachment>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttachment",
  resource: "volumeattachments",
  schema: "storage/v1.VolumeAttachment",
  namespaced: false,
  subresources: [statusSubresource("VolumeAttachment")],
  table: [
    nameColumn(),
    column("Attacher", ({ spec }) => spec?.attacher ?? "", { format: "name" }),
    column("PV", ({ spec }) => spec?.source?.persistentVolumeName ?? ""),
    column("Node", ({ spec }) => spec?.nodeName ?? ""),
    column("Attached", ({ status }) => status?.attached ?? false, { type: "boolean" }),
    ageColumn(),
  ],
  strategy: {
    prepareForCreate(attachment) {
      attachment.status = { attached: false };
    },
    validate({ spec }, errors) {
      csiDriverName(spec?.attacher, "spec.attacher", errors);
      const { inlineVolumeSpec, persistentVolumeName } = spec?.source ?? {};
      if (!inlineVolumeSpec && !persistentVolumeName) errors.required("spec.source", ONE_SOURCE);
      if (inlineVolumeSpec && persistentVolumeName) errors.forbidden("spec.source", ONE_SOURCE);
      if (persistentVolumeName)
        errors.invalidEach("spec.source.persistentVolumeName", persistentVolumeName, dns1123SubdomainErrors(persistentVolumeName));
      errors.invalidEach("spec.nodeName", spec?.nodeName ?? "", dns1123SubdomainErrors(spec?.nodeName ?? ""));
    },
    validateUpdate: (attachment, old, errors) => immutable("spec", attachment.spec, old.spec, errors),
  },
});
