import { column, type TableColumn, wideColumn } from "../define.ts";
import { formatLabelSelector } from "../selectors.ts";
import type { KubeObject, LabelSelector, PodTemplateSpec } from "../types.ts";
import { containerImages, containerNames } from "./pod-columns.ts";

type Workload = KubeObject & { spec?: { selector?: LabelSelector; template?: PodTemplateSpec } };

/** Containers, Images and Selector, as every workload shows them with -o wide. */
export const templateColumns = <T extends Workload>(): TableColumn<T>[] => [
  wideColumn("Containers", (obj) => containerNames(obj.spec?.template?.spec)),
  wideColumn("Images", (obj) => containerImages(obj.spec?.template?.spec)),
  wideColumn("Selector", (obj) => formatLabelSelector(obj.spec?.selector)),
];

export const countColumn = <T extends KubeObject>(name: string, count: (obj: T) => number | undefined): TableColumn<T> =>
  column(name, (obj: T) => count(obj) ?? 0, { type: "integer" });
