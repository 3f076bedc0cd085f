import type { KubeObject, Node, Pod, ResourceDefinition } from "@flotilla/api";
import type { Operation } from "../registry/dispatch.ts";
import { type Filter, filterOf } from "../registry/filter.ts";
import { cacheOf, type Kernel } from "../registry/kernel.ts";
import type { Call } from "../request/call.ts";
import { notFound } from "../request/errors.ts";
import { Entry } from "../storage/entry.ts";
import type { UsageCollector } from "./collector.ts";
import { byPod, nodeUsage, podUsage } from "./objects.ts";

/** Measures the objects of the core kind that the filter lets through. */
type Measure = (kernel: Kernel, filter: Filter) => Promise<KubeObject[]>;

/** metrics.k8s.io: get and list of nodes and pods, as `kubectl top` and autoscalers ask for them. */
export function usageOperations(collector: UsageCollector): [string, Operation][] {
  const nodes: Measure = async (kernel, filter) => {
    const chosen = objects(kernel, "nodes", filter) as Node[];
    const usage = await collector.read(chosen.map(({ metadata }) => metadata.name!));
    return chosen.flatMap((node) => {
      const known = usage.get(node.metadata.name!);
      return known ? [nodeUsage(node, known)] : [];
    });
  };
  const pods: Measure = async (kernel, filter) => {
    const running = (objects(kernel, "pods", filter) as Pod[]).filter(({ spec, status }) => spec?.nodeName && status?.phase === "Running");
    const usage = await collector.read([...new Set(running.map(({ spec }) => spec!.nodeName!))]);
    const containers = new Map([...usage].map(([node, known]) => [node, byPod(known)]));
    return running.flatMap((pod) => {
      const { name, namespace } = pod.metadata;
      const node = pod.spec!.nodeName!;
      const known = usage.get(node);
      const measured = known && podUsage(pod, known, containers.get(node)!.get(`${namespace}/${name}`));
      return measured ? [measured] : [];
    });
  };
  return [
    ["metrics.k8s.io/nodes:list", list(nodes, "nodes")],
    ["metrics.k8s.io/nodes:get", get(nodes, "nodes")],
    ["metrics.k8s.io/pods:list", list(pods, "pods")],
    ["metrics.k8s.io/pods:get", get(pods, "pods")],
  ];
}

const coreOf = (kernel: Kernel, resource: string): ResourceDefinition => kernel.definitions.find("", "v1", resource)!;

function objects(kernel: Kernel, resource: string, filter: Filter): KubeObject[] {
  const found = cacheOf(kernel, coreOf(kernel, resource)).scan(filter.prefix);
  return [...found].filter((entry) => filter.matches(entry)).map(({ object }) => object);
}

/** Selectors are those of the core kind: its labels, its fields. */
const filterOfCore = (kernel: Kernel, call: Call, resource: string): Filter =>
  filterOf(coreOf(kernel, resource), call.info.namespace, call.info.name, call.query);

function list(measure: Measure, resource: string): Operation {
  return async (kernel, call, definition) => {
    const measured = await measure(kernel, filterOfCore(kernel, call, resource));
    const entries = measured.map((object) => new Entry("", 0, Buffer.from(JSON.stringify(object)), "0", object));
    return { type: "list", definition, entries, metadata: { resourceVersion: "" } };
  };
}

function get(measure: Measure, resource: string): Operation {
  return async (kernel, call, definition) => {
    const [object] = await measure(kernel, filterOfCore(kernel, call, resource));
    if (object) return { type: "object", code: 200, definition, object };
    // As metrics-server: an object that is not there and one that is not measured (yet) look the same.
    throw notFound(definition, call.info.namespace === "" ? call.info.name : `${call.info.namespace}/${call.info.name}`);
  };
}
