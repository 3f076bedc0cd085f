import { runMain } from "@flotilla/process/main.ts";
import { createEtcd } from "./assemble.ts";
import { configOf } from "./config.ts";
import { FLAGS } from "./options.ts";

await runMain("etcd", "The store: etcd's v3 API on Flotilla's own Raft.", FLAGS, (flags, ports) => {
  const exit = (reason: string, error?: Error) => {
    ports.log.error(reason, { error });
    process.exit(1);
  };
  return createEtcd({ ...ports, exit }, configOf(flags));
});
