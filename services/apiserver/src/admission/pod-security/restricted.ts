import { type Check, containersOf, containersWhere, isWindows, naming, plural, quoted, setters, sorted, VALID_SECCOMP } from "./check.ts";

/** Volumes that bring nothing of the host or of a foreign network into the pod. */
const VOLUMES = new Set(["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"]);

/** Pod Security Standards, level restricted: hardening, beside everything of the baseline. */
export const RESTRICTED: Check[] = [
  {
    id: "allowPrivilegeEscalation",
    since: 8,
    find({ spec }, minor) {
      if (isWindows(spec, minor)) return undefined;
      const bad = containersWhere(spec, (context) => context?.allowPrivilegeEscalation !== false);
      return bad.length > 0
        ? {
            reason: "allowPrivilegeEscalation != false",
            detail: `${naming(bad)} must set securityContext.allowPrivilegeEscalation=false`,
          }
        : undefined;
    },
  },
  {
    id: "capabilities_restricted",
    since: 22,
    overrides: ["capabilities_baseline"],
    find({ spec }, minor) {
      if (isWindows(spec, minor)) return undefined;
      const beyond = (add: string[] | undefined) => (add ?? []).filter((capability) => capability !== "NET_BIND_SERVICE");
      const keeping = containersWhere(spec, (context) => !(context?.capabilities?.drop ?? []).includes("ALL"));
      const adding = containersWhere(spec, (context) => beyond(context?.capabilities?.add).length > 0);
      const added = sorted(adding.flatMap(({ securityContext }) => beyond(securityContext?.capabilities?.add)));
      const details = [
        ...(keeping.length > 0 ? [`${naming(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
        ...(adding.length > 0 ? [`${naming(adding)} must not include ${quoted(added)} in securityContext.capabilities.add`] : []),
      ];
      return details.length > 0 ? { reason: "unrestricted capabilities", detail: details.join("; ") } : undefined;
    },
  },
  {
    id: "restrictedVolumes",
    since: 0,
    overrides: ["hostPathVolumes"],
    find({ spec }) {
      const bad = (spec.volumes ?? [])
        .map((volume) => ({ name: volume.name, type: Object.keys(volume).find((field) => field !== "name") ?? "unknown" }))
        .filter(({ type }) => !VOLUMES.has(type));
      if (bad.length === 0) return undefined;
      const types = sorted(bad.map(({ type }) => type));
      const volumes = `${plural(bad.length, "volume")} ${quoted(bad.map(({ name }) => name))}`;
      return {
        reason: "restricted volume types",
        detail: `${volumes} ${plural(bad.length, "uses", "use")} ${plural(types.length, "restricted volume type")} ${quoted(types)}`,
      };
    },
  },
  {
    id: "runAsNonRoot",
    since: 0,
    find({ spec }) {
      const pod = spec.securityContext?.runAsNonRoot;
      const who = setters(
        pod === false,
        containersWhere(spec, (context) => context?.runAsNonRoot === false),
      );
      const reason = "runAsNonRoot != true";
      if (who) return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` };
      const silent = pod === true ? [] : containersWhere(spec, (context) => context?.runAsNonRoot === undefined);
      return silent.length > 0 ? { reason, detail: `pod or ${naming(silent)} must set securityContext.runAsNonRoot=true` } : undefined;
    },
  },
  {
    id: "runAsUser",
    since: 23,
    find({ spec }) {
      const who = setters(
        spec.securityContext?.runAsUser === 0,
        containersWhere(spec, (context) => context?.runAsUser === 0),
      );
      return who ? { reason: "runAsUser=0", detail: `${who} must not set runAsUser=0` } : undefined;
    },
  },
  {
    id: "seccompProfile_restricted",
    since: 19,
    overrides: ["seccompProfile_baseline"],
    find({ spec }, minor) {
      if (isWindows(spec, minor)) return undefined;
      const reason = "seccompProfile";
      const bad = (profile: { type?: string } | undefined) => profile !== undefined && !VALID_SECCOMP.has(profile.type ?? "");
      const pod = spec.securityContext?.seccompProfile;
      const containers = containersWhere(spec, (context) => bad(context?.seccompProfile));
      const who = setters(bad(pod), containers);
      if (who) {
        const values = sorted([...(bad(pod) ? [pod!.type] : []), ...containers.map((c) => c.securityContext!.seccompProfile!.type)]);
        return { reason, detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(values)}` };
      }
      const silent = pod ? [] : containersOf(spec).filter(({ securityContext }) => !securityContext?.seccompProfile);
      if (silent.length === 0) return undefined;
      return { reason, detail: `pod or ${naming(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"` };
    },
  },
];
