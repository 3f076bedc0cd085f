import { join, resolve } from "node:path";

/** What the CLI takes from its surroundings; `main.ts` reads them. */
export interface Surroundings {
  home: string;
  /** FLOTILLA_HOME */
  flotillaHome?: string;
  /** KUBECONFIG, several paths separated by ":" */
  kubeconfig?: string;
  /** DOCKER_HOST */
  dockerHost?: string;
  path: string;
  /** The folder of the bundles. */
  dist: string;
  isTerminal: boolean;
}

export interface Settings {
  name: string;
  /** The cluster's own folder. */
  stateDir: string;
  controlSocket: string;
  daemonLog: string;
  kubeconfigFiles: string[];
  output: "text" | "json";
}

/** sun_path of unix(7) holds 107 bytes; the longest socket below a state folder is a machine's. */
const SOCKET_PATH_MAX = 107;
const LONGEST_SOCKET = "machines/worker999/run/cri.sock";

export class UsageError extends Error {
  override name = "UsageError";
}

export interface CommonOptions {
  name: string;
  stateDir?: string;
  kubeconfig?: string;
  output?: string;
}

export function settingsOf(options: CommonOptions, around: Surroundings): Settings {
  if (!/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/.test(options.name)) {
    throw new UsageError(
      `--name "${options.name}": use up to 32 lower-case letters, digits and "-", beginning and ending with a letter or digit`,
    );
  }
  if (options.output !== undefined && options.output !== "text" && options.output !== "json") {
    throw new UsageError(`-o "${options.output}": use text or json`);
  }
  const stateDir = join(resolve(options.stateDir ?? around.flotillaHome ?? join(around.home, ".flotilla")), options.name);
  if (join(stateDir, LONGEST_SOCKET).length > SOCKET_PATH_MAX) {
    throw new UsageError(`${stateDir} is too long a path for unix sockets; choose a shorter folder with --state-dir or FLOTILLA_HOME`);
  }
  return {
    name: options.name,
    stateDir,
    controlSocket: join(stateDir, "run/control.sock"),
    daemonLog: join(stateDir, "logs/flotillad.log"),
    kubeconfigFiles: kubeconfigFiles(options.kubeconfig ?? around.kubeconfig, around.home),
    output: options.output === "json" ? "json" : "text",
  };
}

function kubeconfigFiles(list: string | undefined, home: string): string[] {
  const files = (list ?? "").split(":").filter((path) => path !== "");
  return files.length > 0 ? files : [join(home, ".kube/config")];
}
