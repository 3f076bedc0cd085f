import { apiError, type FieldValidation } from "@flotilla/api";
import type { Call } from "../request/call.ts";

export interface WriteOptions {
  dryRun: boolean;
  manager: string;
  fieldValidation: FieldValidation;
  force: boolean;
}

/** @throws ApiError BadRequest for values the API does not know. */
export function writeOptions(call: Call): WriteOptions {
  const dryRun = call.query.getAll("dryRun");
  if (dryRun.some((value) => value !== "All" && value !== "")) {
    throw apiError("BadRequest", `Invalid value: ${JSON.stringify(dryRun)}: dryRun must be "All" if specified`);
  }
  const validation = call.query.get("fieldValidation") || "Warn";
  if (validation !== "Strict" && validation !== "Warn" && validation !== "Ignore") {
    throw apiError(
      "BadRequest",
      `fieldValidation: Unsupported value: ${JSON.stringify(validation)}: supported values: "Ignore", "Strict", "Warn"`,
    );
  }
  return {
    dryRun: dryRun.includes("All"),
    manager: call.query.get("fieldManager") || managerOf(call.userAgent),
    fieldValidation: validation,
    force: call.query.get("force") === "true",
  };
}

/** The user agent's first word stands for a manager that did not name itself. */
function managerOf(userAgent: string): string {
  return (userAgent.split("/")[0] || "unknown").slice(0, 128);
}
