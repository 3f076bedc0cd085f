import { type Check, containersOf, containersWhere, naming, plural, quoted, setters, sorted, VALID_SECCOMP } from "./check.ts";

const APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/";
const APPARMOR_TYPES = new Set(["RuntimeDefault", "Localhost"]);
const SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/";
const CAPABILITIES = new Set(
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split(" "),
);
const SELINUX_TYPES = ["", "container_t", "container_init_t", "container_kvm_t"];
/** Sysctls that touch their pod alone, by the version that allowed them. */
const SYSCTLS: [number, string[]][] = [
  [
    0,
    [
      "kernel.shm_rmid_forced",
      "net.ipv4.ip_local_port_range",
      "net.ipv4.tcp_syncookies",
      "net.ipv4.ping_group_range",
      "net.ipv4.ip_unprivileged_port_start",
    ],
  ],
  [27, ["net.ipv4.ip_local_reserved_ports"]],
  [29, ["net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"]],
  [32, ["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"]],
];

/** Pod Security Standards, level baseline: what lets a pod reach beyond itself. */
export const BASELINE: Check[] = [
  {
    id: "appArmorProfile",
    since: 0,
    find({ metadata, spec }) {
      const bad = (profile: { type?: string } | undefined) => profile !== undefined && !APPARMOR_TYPES.has(profile.type ?? "");
      const podProfile = spec.securityContext?.appArmorProfile;
      const containers = containersWhere(spec, (context) => bad(context?.appArmorProfile));
      const annotations = Object.entries(metadata.annotations ?? {})
        .filter(([key, value]) => key.startsWith(APPARMOR_ANNOTATION) && value !== "" && value !== "runtime/default")
        .filter(([, value]) => !value.startsWith("localhost/"));
      const values = sorted([
        ...(bad(podProfile) ? [podProfile!.type] : []),
        ...containers.map(({ securityContext }) => securityContext!.appArmorProfile!.type),
        ...annotations.map(([, value]) => value),
      ]);
      if (values.length === 0) return undefined;
      const who = [
        setters(bad(podProfile), containers),
        annotations.length > 0 ? sorted(annotations.map(([key, value]) => `${key}=${JSON.stringify(value)}`)).join(", ") : undefined,
      ];
      return {
        reason: plural(values.length, "forbidden AppArmor profile"),
        detail: `${who.filter((one) => one !== undefined).join(" and ")} must not set AppArmor profile type to ${quoted(values)}`,
      };
    },
  },
  {
    id: "capabilities_baseline",
    since: 0,
    find({ spec }) {
      const beyond = (add: string[] | undefined) => (add ?? []).filter((capability) => !CAPABILITIES.has(capability));
      const bad = containersWhere(spec, (context) => beyond(context?.capabilities?.add).length > 0);
      if (bad.length === 0) return undefined;
      const added = sorted(bad.flatMap(({ securityContext }) => beyond(securityContext?.capabilities?.add)));
      return {
        reason: "non-default capabilities",
        detail: `${naming(bad)} must not include ${quoted(added)} in securityContext.capabilities.add`,
      };
    },
  },
  {
    id: "hostNamespaces",
    since: 0,
    find({ spec }) {
      const shared = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => spec[field]);
      return shared.length > 0 ? { reason: "host namespaces", detail: shared.map((field) => `${field}=true`).join(", ") } : undefined;
    },
  },
  {
    id: "hostPathVolumes",
    since: 0,
    find({ spec }) {
      const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
      return names.length > 0 ? { reason: "hostPath volumes", detail: `${plural(names.length, "volume")} ${quoted(names)}` } : undefined;
    },
  },
  {
    id: "hostPorts",
    since: 0,
    find({ spec }) {
      const bad = containersOf(spec).filter(({ ports }) => ports?.some(({ hostPort }) => hostPort));
      if (bad.length === 0) return undefined;
      const ports = sorted(bad.flatMap((container) => container.ports!.flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []))));
      return {
        reason: "hostPort",
        detail: `${naming(bad)} ${plural(bad.length, "uses", "use")} ${plural(ports.length, "hostPort")} ${ports.join(", ")}`,
      };
    },
  },
  {
    id: "privileged",
    since: 0,
    find({ spec }) {
      const bad = containersWhere(spec, (context) => context?.privileged === true);
      return bad.length > 0 ? { reason: "privileged", detail: `${naming(bad)} must not set securityContext.privileged=true` } : undefined;
    },
  },
  {
    id: "procMount",
    since: 0,
    find({ spec }) {
      const bad = containersWhere(spec, (context) => (context?.procMount ?? "Default") !== "Default");
      if (bad.length === 0) return undefined;
      const values = sorted(bad.map(({ securityContext }) => securityContext!.procMount!));
      return { reason: "procMount", detail: `${naming(bad)} must not set securityContext.procMount to ${quoted(values)}` };
    },
  },
  {
    id: "seLinuxOptions",
    since: 0,
    find({ spec }, minor) {
      const types = minor >= 31 ? [...SELINUX_TYPES, "container_engine_t"] : SELINUX_TYPES;
      type Options = { type?: string; user?: string; role?: string } | undefined;
      const bad = (options: Options) => options !== undefined && (!types.includes(options.type ?? "") || !!options.user || !!options.role);
      const containers = containersWhere(spec, (context) => bad(context?.seLinuxOptions));
      const who = setters(bad(spec.securityContext?.seLinuxOptions), containers);
      if (!who) return undefined;
      const all: Options[] = [spec.securityContext?.seLinuxOptions, ...containers.map((c) => c.securityContext?.seLinuxOptions)];
      const badTypes = sorted(all.map((options) => options?.type ?? "").filter((type) => !types.includes(type)));
      const what = [
        ...(badTypes.length > 0 ? [`${plural(badTypes.length, "type")} ${quoted(badTypes)}`] : []),
        ...(all.some((options) => options?.user) ? ["user may not be set"] : []),
        ...(all.some((options) => options?.role) ? ["role may not be set"] : []),
      ];
      return { reason: "seLinuxOptions", detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join("; ")}` };
    },
  },
  {
    id: "seccompProfile_baseline",
    since: 0,
    find({ metadata, spec }, minor) {
      if (minor < 19)
        return seccompAnnotations(
          metadata.annotations ?? {},
          containersOf(spec).map(({ name }) => name),
        );
      const bad = (profile: { type?: string } | undefined) => profile !== undefined && !VALID_SECCOMP.has(profile.type ?? "");
      const podProfile = spec.securityContext?.seccompProfile;
      const containers = containersWhere(spec, (context) => bad(context?.seccompProfile));
      const who = setters(bad(podProfile), containers);
      if (!who) return undefined;
      const values = sorted([
        ...(bad(podProfile) ? [podProfile!.type] : []),
        ...containers.map(({ securityContext }) => securityContext!.seccompProfile!.type),
      ]);
      return { reason: "seccompProfile", detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(values)}` };
    },
  },
  {
    id: "sysctls",
    since: 0,
    find({ spec }, minor) {
      const allowed = new Set(SYSCTLS.filter(([since]) => minor >= since).flatMap(([, names]) => names));
      const names = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !allowed.has(name));
      return names.length > 0 ? { reason: "forbidden sysctls", detail: names.join(", ") } : undefined;
    },
  },
  {
    id: "windowsHostProcess",
    since: 0,
    find({ spec }) {
      const containers = containersWhere(spec, (context) => context?.windowsOptions?.hostProcess === true);
      const who = setters(spec.securityContext?.windowsOptions?.hostProcess === true, containers);
      return who ? { reason: "hostProcess", detail: `${who} must not set securityContext.windowsOptions.hostProcess=true` } : undefined;
    },
  },
];

/** Before 1.19 seccomp was asked for by annotations. */
function seccompAnnotations(annotations: Record<string, string>, containers: string[]) {
  const allowed = (value: string) => value === "runtime/default" || value === "docker/default" || value.startsWith("localhost/");
  const bad = [SECCOMP_POD, ...containers.map((name) => SECCOMP_CONTAINER + name)]
    .filter((key) => annotations[key] !== undefined && !allowed(annotations[key]))
    .map((key) => `${key}=${JSON.stringify(annotations[key])}`);
  if (bad.length === 0) return undefined;
  return { reason: "seccompProfile", detail: `forbidden ${plural(bad.length, "annotation")} ${sorted(bad).join(", ")}` };
}
