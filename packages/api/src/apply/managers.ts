/** metadata.managedFields: who owns which fields, by which operation. */
import { formatTime } from "../duration.ts";
import { cloneJson } from "../json-equal.ts";
import { isObject } from "../schema/conform.ts";
import type { KubeObject } from "../types.ts";
import { eachPath, type FieldSet, removePath } from "./field-set.ts";

export interface ManagerEntry {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  time?: string;
  fieldsType: "FieldsV1";
  fieldsV1: FieldSet;
  subresource?: string;
}

export type ManagerId = Pick<ManagerEntry, "manager" | "operation" | "apiVersion"> & { subresource?: string };

export const managersOf = (obj: KubeObject | undefined): ManagerEntry[] =>
  cloneJson((obj?.metadata.managedFields ?? []) as unknown as ManagerEntry[]);

/** Whether a client's entry can be understood at all. */
export const isEntry = ({ operation, apiVersion, fieldsType, fieldsV1 }: Partial<ManagerEntry>): boolean =>
  (operation === "Apply" || operation === "Update") && !!apiVersion && fieldsType === "FieldsV1" && isFieldSet(fieldsV1);

const ELEMENT = /^(\.|[fkvi]:.*)$/s;

const isFieldSet = (value: unknown): boolean =>
  isObject(value) && Object.entries(value).every(([element, inner]) => ELEMENT.test(element) && isFieldSet(inner));

export function isSame(entry: ManagerEntry, id: ManagerId): boolean {
  return (
    entry.manager === id.manager &&
    entry.operation === id.operation &&
    (entry.subresource ?? "") === (id.subresource ?? "") &&
    (entry.operation === "Update" || entry.apiVersion === id.apiVersion)
  );
}

/** Replaces (or adds) the entry of `id`; an empty set takes it out. */
export function withManager(entries: ManagerEntry[], id: ManagerId, fields: FieldSet, now_ms: number): ManagerEntry[] {
  const rest = entries.filter((entry) => !isSame(entry, id));
  if (Object.keys(fields).length === 0) return rest;
  const entry: ManagerEntry = {
    manager: id.manager,
    operation: id.operation,
    apiVersion: id.apiVersion,
    time: formatTime(now_ms),
    fieldsType: "FieldsV1",
    fieldsV1: fields,
    ...(id.subresource ? { subresource: id.subresource } : {}),
  };
  return [...rest, entry];
}

/** Takes `fields` away from everyone; entries left with nothing disappear. */
export function disown(entries: ManagerEntry[], fields: FieldSet): ManagerEntry[] {
  for (const entry of entries) eachPath(fields, (path) => removePath(entry.fieldsV1, path));
  return entries.filter((entry) => Object.keys(entry.fieldsV1).length > 0);
}

/** Applies before updates, each in the order of time and of name. */
export function writeManagers(obj: KubeObject, entries: ManagerEntry[]): void {
  if (entries.length === 0) delete obj.metadata.managedFields;
  else obj.metadata.managedFields = [...entries].sort(inOrder) as unknown as KubeObject["metadata"]["managedFields"];
}

function inOrder(a: ManagerEntry, b: ManagerEntry): number {
  for (const key of ["operation", "time", "manager", "apiVersion", "subresource"] as const) {
    const [left, right] = [a[key] ?? "", b[key] ?? ""];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
