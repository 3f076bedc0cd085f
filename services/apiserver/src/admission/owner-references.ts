import { groupVersion, jsonEqual, type KubeObject, type Registry, type ResourceDefinition } from "@flotilla/api";
import { checkOf } from "../authz/attributes.ts";
import type { Attributes, Authorizer } from "../authz/authorizer.ts";
import { forbidden } from "../request/errors.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";

type Owner = NonNullable<KubeObject["metadata"]["ownerReferences"]>[number];

/**
 * Who names an owner lets the garbage collector delete the object: so may only who could delete it. Who lets an owner
 * wait for it must be allowed to hold that owner back (upstream's OwnerReferencesPermissionEnforcement).
 */
export function ownerReferencesPermission({ authorizer, definitions }: { authorizer: Authorizer; definitions: Registry }): AdmissionPlugin {
  return {
    name: "OwnerReferencesPermissionEnforcement",
    validate(attributes, object, old) {
      if (attributes.subresource === "status" && attributes.definition.resource === "pods") return;
      const owners = ownersOf(object);
      if (!object?.metadata || jsonEqual(owners, ownersOf(old))) return;
      const refuse = (why: string) => forbidden(attributes.definition, attributes.name, why);
      const may = (asked: Attributes, why: string) => {
        const decision = authorizer.authorize(asked);
        if (!decision.allowed) throw refuse(`${why}: ${decision.reason}, <nil>`);
      };
      if (attributes.operation !== "CREATE") may(deletion(attributes), "cannot set an ownerRef on a resource you can't delete");
      for (const owner of newlyBlocking(owners, ownersOf(old))) {
        const kinds = kindsOf(definitions, owner);
        if (kinds.length === 0) {
          const what = `APIVersion ${owner.apiVersion} Kind ${owner.kind}`;
          throw refuse(`cannot set blockOwnerDeletion in this case because cannot find RESTMapping for ${what}: no matches for kind`);
        }
        for (const kind of kinds)
          may(
            finalizing(attributes, kind, owner),
            "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on",
          );
      }
    },
  };
}

const ownersOf = (object: KubeObject | undefined): readonly Owner[] => object?.metadata?.ownerReferences ?? [];

const newlyBlocking = (owners: readonly Owner[], before: readonly Owner[]): Owner[] =>
  owners.filter((owner) => owner.blockOwnerDeletion && !before.find(({ uid }) => uid === owner.uid)?.blockOwnerDeletion);

const kindsOf = (definitions: Registry, { apiVersion, kind }: Owner): ResourceDefinition[] =>
  definitions.all().filter((one) => one.kind === kind && groupVersion(one.group, one.version) === apiVersion && one.storage !== undefined);

function deletion({ user, definition, namespace, name, subresource }: AdmissionAttributes): Attributes {
  const { group, resource } = definition;
  return checkOf(user, "delete", { group, resource, subresource, namespace, name });
}

/** A namespaced owner stands in the namespace of what it owns. */
function finalizing(
  { user, namespace }: AdmissionAttributes,
  { group, resource, namespaced }: ResourceDefinition,
  { name }: Owner,
): Attributes {
  return checkOf(user, "update", { group, resource, subresource: "finalizers", name, ...(namespaced ? { namespace } : {}) });
}
