import { Counter, Gauge, type Registry } from "prom-client";
import type { Store } from "./store.ts";

/** What the server holds, by upstream's names; read when somebody asks. */
export function registerStorageMetrics(registry: Registry, store: Store): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: (resource: string) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ["resource"],
      registers,
      collect() {
        this.reset();
        for (const resource of store.resources.keys()) this.set({ resource }, value(resource));
      },
    });
  gauge("apiserver_storage_objects", "Number of stored objects by resource.", (resource) => store.cache(resource).size);
  gauge("apiserver_registered_watchers", "Watches that are open, by resource.", (resource) => store.cache(resource).watchers);
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Counter({
    name: "process_cpu_seconds_total",
    help: "Total user and system CPU time spent in seconds.",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
}
