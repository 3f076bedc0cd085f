/** additionalPrinterColumns (apiextensions-apiserver/pkg/registry/customresource/tableconvertor). */
import { createdColumn, nameColumn, type TableColumn } from "../define.ts";
import type { Cell, Column } from "../definition.ts";
import { humanDuration } from "../duration.ts";
import type { KubeObject } from "../types.ts";
import { parseJsonPath } from "./jsonpath.ts";

export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  format?: string;
  description?: string;
  priority?: number;
}

const AGE: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
  description: createdColumn().description!,
};

export function columnsOf(columns: readonly PrinterColumn[] | undefined): TableColumn<KubeObject>[] {
  const wanted = columns && columns.length > 0 ? columns : [AGE];
  return [nameColumn<KubeObject>(), ...wanted.flatMap(columnOf)];
}

function columnOf({ name, type, jsonPath, format = "", description = "", priority = 0 }: PrinterColumn): TableColumn<KubeObject>[] {
  try {
    const path = parseJsonPath(jsonPath);
    const text = description || `Custom resource definition column (in JSONPath format): ${jsonPath}`;
    const column = { name, type: type as Column["type"], format, description: text, priority };
    return [{ ...column, cell: (obj, now_ms) => cellOf(path(obj), type, now_ms) }];
  } catch {
    return [];
  }
}

/** Several values become one text, as a JSONPath template prints them. */
function cellOf(found: readonly unknown[], type: string, now_ms: number): Cell {
  const [value] = found;
  if (value === undefined || value === null) return null;
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value === "string" ? ageText(value, now_ms) : null;
    default:
      return found.map(textOf).join(" ");
  }
}

function ageText(value: string, now_ms: number): string {
  const time_ms = Date.parse(value);
  return Number.isNaN(time_ms) ? "<invalid>" : humanDuration(now_ms - time_ms);
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
