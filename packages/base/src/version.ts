/** The Kubernetes minor whose API we serve; kubectl compares it with its own. */
export const KUBERNETES_MAJOR = "1";
export const KUBERNETES_MINOR = "33";
export const FLOTILLA_VERSION = "0.1.0";
/** What `kubectl version` and a node's kubeletVersion show. */
export const GIT_VERSION = `v${KUBERNETES_MAJOR}.${KUBERNETES_MINOR}.1+flotilla.${FLOTILLA_VERSION}`;

/** Written in by scripts/build.mjs; sources that run as they are know no commit. */
declare const BUILT_FROM: { commit: string; clean: boolean; date: string } | undefined;

/** The commit that this program was built from, 40 hexadecimal digits: all zero when nobody said. */
export const BUILD: { commit: string; clean: boolean; date: string } =
  typeof BUILT_FROM === "undefined" ? { commit: "0".repeat(40), clean: true, date: "1970-01-01T00:00:00Z" } : BUILT_FROM;
