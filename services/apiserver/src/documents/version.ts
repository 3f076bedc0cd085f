import { GIT_VERSION, KUBERNETES_MAJOR, KUBERNETES_MINOR } from "@flotilla/base";

const PLATFORM = "linux/amd64";

/** version.Info. */
export function versionDocument(): object {
  return {
    major: KUBERNETES_MAJOR,
    minor: KUBERNETES_MINOR,
    gitVersion: GIT_VERSION,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "",
    compiler: "",
    platform: PLATFORM,
  };
}
