import { BUILD, GIT_VERSION, KUBERNETES_MAJOR, KUBERNETES_MINOR } from "@flotilla/base";

const PLATFORM = "linux/amd64";

/** version.Info. */
export function versionDocument(): object {
  return {
    major: KUBERNETES_MAJOR,
    minor: KUBERNETES_MINOR,
    gitVersion: GIT_VERSION,
    gitCommit: BUILD.commit,
    gitTreeState: BUILD.clean ? "clean" : "dirty",
    buildDate: BUILD.date,
    goVersion: "",
    compiler: "",
    platform: PLATFORM,
  };
}
