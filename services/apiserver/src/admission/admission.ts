import type { KubeObject, ResourceDefinition, ScaleView } from "@flotilla/api";
import type { User } from "../request/call.ts";

export interface AdmissionAttributes {
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** The kind of the objects below, where it is not the definition's own: Scale. */
  readonly shown?: ResourceDefinition;
  readonly user: User;
  readonly dryRun: boolean;
  readonly warnings: string[];
  /** What to give back when the write does not happen after all. Plug-ins add to it. */
  readonly onFailure?: (() => Promise<void>)[];
  /** Notes for the audit log, under keys such as "pod-security.kubernetes.io/enforce-policy". */
  readonly annotations?: Record<string, string>;
  /** While the object is being changed: see MutatingAdmissionWebhook. */
  readonly rounds?: MutationRounds;
}

/** The second look that plug-ins and webhooks get at an object when a webhook has changed it. */
export interface MutationRounds {
  round: number;
  /** A webhook has changed the object. */
  again: boolean;
  /** Ids of the webhooks that were asked and may be asked again. */
  asked: string[];
  /** Ids of those that have to be. */
  due: Set<string>;
  /** The object as the webhooks left it. */
  output: string;
}

/** One admission plug-in. Both parts throw ApiError to refuse. */
export interface AdmissionPlugin {
  readonly name: string;
  /** May change `object`; runs before validation. Not called for DELETE. */
  mutate?(attributes: AdmissionAttributes, object: KubeObject, old: KubeObject | undefined): Promise<void> | void;
  /** Sees the final object; undefined for DELETE. */
  validate?(attributes: AdmissionAttributes, object: KubeObject | undefined, old: KubeObject | undefined): Promise<void> | void;
}

export interface Admission {
  mutate(attributes: AdmissionAttributes, object: KubeObject, old: KubeObject | undefined): Promise<void>;
  validate(attributes: AdmissionAttributes, object: KubeObject | undefined, old: KubeObject | undefined): Promise<void>;
}

/** Runs the plug-ins in their order. */
export function createAdmission(plugins: readonly AdmissionPlugin[]): Admission {
  const mutating = plugins.filter((plugin) => plugin.mutate);
  const validating = plugins.filter((plugin) => plugin.validate);
  const mutateOnce = async (attributes: AdmissionAttributes, object: KubeObject, old: KubeObject | undefined) => {
    for (const plugin of mutating) {
      // Most answer at once: no turn of the event loop for them.
      const pending = plugin.mutate!(attributes, object, old);
      if (pending) await pending;
    }
  };
  return {
    async mutate(attributes, object, old) {
      const rounds: MutationRounds = { round: 0, again: false, asked: [], due: new Set(), output: "" };
      const scoped = { ...attributes, rounds };
      await mutateOnce(scoped, object, old);
      if (!rounds.again) return;
      rounds.round = 1;
      await mutateOnce(scoped, object, old);
    },
    async validate(attributes, object, old) {
      for (const plugin of validating) {
        const pending = plugin.validate!(attributes, object, old);
        if (pending) await pending;
      }
    },
  };
}

/** Admission that is shown a part of each object as an object of another kind, and may change that part. */
export function throughView(admission: Admission, view: ScaleView, shown: ResourceDefinition): Admission {
  return {
    async mutate(attributes, object, old) {
      const part = view.get(object);
      await admission.mutate({ ...attributes, shown }, part, old && view.get(old));
      view.set(object, part);
    },
    validate: (attributes, object, old) => admission.validate({ ...attributes, shown }, object && view.get(object), old && view.get(old)),
  };
}

export const isPod = ({ definition, subresource }: AdmissionAttributes): boolean =>
  definition.group === "" && definition.resource === "pods" && subresource === "";

/** The write did not happen: what was reserved for it goes back. */
export async function giveBack({ onFailure }: AdmissionAttributes): Promise<void> {
  await Promise.all((onFailure ?? []).splice(0).map((undo) => undo()));
}
