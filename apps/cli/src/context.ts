import type { Clock } from "@flotilla/base";
import { type ClusterConfig, ControlClient } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import { Control, clusterExists } from "./control.ts";
import { type Display, plainDisplay, spinnerDisplay } from "./display.ts";
import { type CommonOptions, type Settings, type Surroundings, settingsOf } from "./settings.ts";

/** What every command works with. */
export interface Context {
  around: Surroundings;
  clock: Clock;
  /** Results. */
  print: (text: string) => void;
  /** Progress and hints. */
  tell: (text: string) => void;
}

export interface Session {
  settings: Settings;
  control: Control;
}

export class NoClusterError extends Error {
  override name = "NoClusterError";
}

export const proto = ControlClient.prototype;

export function display(context: Context): Display {
  return context.around.isTerminal ? spinnerDisplay(context.tell, context.clock) : plainDisplay(context.tell);
}

/** Runs `work` with flotillad; it must be there already unless `create`. */
export async function withControl<T>(
  context: Context,
  options: CommonOptions,
  work: (session: Session) => Promise<T>,
  create = false,
): Promise<T> {
  const settings = settingsOf(options, context.around);
  if (!create && !clusterExists(settings)) {
    const flag = settings.name === "flotilla" ? "" : ` --name ${settings.name}`;
    throw new NoClusterError(`there is no cluster "${settings.name}"; make it with: flotilla up${flag}`);
  }
  const control = await Control.open(settings, context.around, context.clock);
  try {
    return await work({ settings, control });
  } finally {
    control.close();
  }
}

export type { ClusterConfig };
