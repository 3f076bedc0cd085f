import { FieldErrors } from "@flotilla/api";
import { KUBERNETES_MINOR } from "@flotilla/base";

export const LEVELS = ["privileged", "baseline", "restricted"] as const;
export type Level = (typeof LEVELS)[number];

/** A level as of a minor version of Kubernetes; "latest" is this server's. */
export interface LevelVersion {
  level: Level;
  minor: number | "latest";
}

export const MODES = ["enforce", "audit", "warn"] as const;
export type Policy = Record<(typeof MODES)[number], LevelVersion>;

const LABEL = "pod-security.kubernetes.io/";
const VERSION = /^v1\.(0|[1-9][0-9]*)$/;

export const minorOf = ({ minor }: LevelVersion): number => (minor === "latest" ? Number(KUBERNETES_MINOR) : minor);

/** "restricted:latest", "baseline:v1.25". */
export const showLevel = ({ level, minor }: LevelVersion): string => `${level}:${minor === "latest" ? minor : `v1.${minor}`}`;

export const sameLevel = (a: LevelVersion, b: LevelVersion): boolean => a.level === b.level && a.minor === b.minor;

/**
 * What a namespace's labels ask for. Without labels everything is allowed; a label that says nothing known counts
 * as "restricted", and is an error.
 */
export function policyOf(labels: Record<string, string> = {}): { policy: Policy; errors: FieldErrors } {
  const errors = new FieldErrors();
  const read = (mode: string): LevelVersion => {
    const key = LABEL + mode;
    const [level, version] = [labels[key], labels[`${key}-version`]];
    const out: LevelVersion = { level: "privileged", minor: "latest" };
    if (level !== undefined) {
      if ((LEVELS as readonly string[]).includes(level)) out.level = level as Level;
      else {
        errors.invalid(`metadata.labels[${key}]`, level, `must be one of ${LEVELS.join(", ")}`);
        out.level = "restricted";
      }
    }
    if (version !== undefined && version !== "latest") {
      const [, minor] = VERSION.exec(version) ?? [];
      if (minor === undefined) errors.invalid(`metadata.labels[${key}-version]`, version, 'must be "latest" or "v1.x"');
      else out.minor = Number(minor);
    }
    return out;
  };
  return { policy: { enforce: read("enforce"), audit: read("audit"), warn: read("warn") }, errors };
}
