import {
  type KubeObject,
  type LabelMatcher,
  labelSelectorMatcher,
  type MutatingWebhookConfiguration,
  type Registry,
  type ResourceDefinition,
} from "@flotilla/api";
import type { Authorizer } from "../../authz/authorizer.ts";
import type { AdmissionAttributes } from "../admission.ts";
import { type CacheReader, cachedNamespace, cachedObjects } from "../cached.ts";
import { bindingsOf } from "../cel/environment.ts";
import { MatchConditions, type Verdict } from "../cel/match-conditions.ts";
import { isExempt, matchedView, namespaceMatches, objectMatches } from "../matching/rules.ts";

/** A validating webhook is the same without reinvocationPolicy. */
export type Webhook = NonNullable<MutatingWebhookConfiguration["webhooks"]>[number];

/** One webhook, ready to be asked. */
export interface Hook {
  /** Unique among all configurations of its kind. */
  id: string;
  name: string;
  webhook: Webhook;
  namespaceSelector: LabelMatcher;
  objectSelector: LabelMatcher;
  conditions: MatchConditions;
}

/** The webhooks of one kind of configuration, by configuration name and then as listed; made anew when one changes. */
export class Hooks {
  private readonly store: CacheReader;
  private readonly resource: string;
  private known: readonly Hook[] = [];
  private builtAt = "";

  constructor(store: CacheReader, resource: "mutatingwebhookconfigurations" | "validatingwebhookconfigurations") {
    this.store = store;
    this.resource = resource;
  }

  list(): readonly Hook[] {
    const cache = this.store.cache(this.resource);
    const version = `${cache.lastRevision}.${cache.size}`;
    if (version !== this.builtAt) {
      this.known = cachedObjects<MutatingWebhookConfiguration>(this.store, this.resource, "").flatMap((configuration) =>
        (configuration.webhooks ?? []).map((webhook, i) => prepare(configuration.metadata.name!, i, webhook)),
      );
      this.builtAt = version;
    }
    return this.known;
  }
}

const prepare = (configuration: string, index: number, webhook: Webhook): Hook => ({
  id: `${configuration}/${index}/${webhook.name}`,
  name: webhook.name,
  webhook,
  namespaceSelector: labelSelectorMatcher(webhook.namespaceSelector ?? {}),
  objectSelector: labelSelectorMatcher(webhook.objectSelector ?? {}),
  conditions: new MatchConditions(webhook.matchConditions ?? []),
});

/** The request that a webhook may be asked about. */
export interface Subject {
  attributes: AdmissionAttributes;
  object: KubeObject | undefined;
  old: KubeObject | undefined;
}

export interface Selection {
  view: ResourceDefinition;
  /** Of the match conditions: "match", or why that cannot be said. */
  verdict: Exclude<Verdict, "no match">;
}

/** Whether the webhook is to be asked, and in which version; undefined: not. */
export function selects(
  ports: { store: CacheReader; definitions: Registry; authorizer: Authorizer },
  hook: Hook,
  { attributes, object, old }: Subject,
): Selection | undefined {
  if (isExempt(attributes)) return undefined;
  const { webhook } = hook;
  const view = matchedView(ports.definitions, webhook.rules ?? [], webhook.matchPolicy, attributes);
  if (!view || !objectMatches(hook.objectSelector, object, old)) return undefined;
  const namespace = attributes.definition.namespaced ? cachedNamespace(ports.store, attributes.namespace) : undefined;
  if (!namespaceMatches(hook.namespaceSelector, attributes, namespace, object, old)) return undefined;
  const verdict = hook.conditions.check(() => bindingsOf(ports.authorizer, attributes, view, object, old));
  return verdict === "no match" ? undefined : { view, verdict };
}
