import { createLogger } from "@flotilla/process/logger.ts";
import { runMain } from "@flotilla/process/main.ts";
import { createEtcd } from "./assemble.ts";
import { commandLine } from "./command-line.ts";
import { configOf } from "./config.ts";
import { FLAGS } from "./options.ts";
import { snapshotCommand } from "./restore/command.ts";
import { nodeDisk } from "./storage/disk.ts";

if (process.argv[2] === "snapshot") {
  const print = (text: string) => void process.stderr.write(text);
  process.exit(await snapshotCommand(process.argv.slice(3), { disk: nodeDisk(), log: createLogger("etcd"), print }));
}

const line = await commandLine(process.argv.slice(2), process.env);
if ("exit" in line) {
  (line.exit === 0 ? process.stdout : process.stderr).write(line.text);
  process.exit(line.exit);
}
process.argv.splice(2, Number.POSITIVE_INFINITY, ...line.argv);

await runMain("etcd", "The store: etcd's v3 API on Flotilla's own Raft.", FLAGS, (flags, ports) => {
  const exit = (reason: string, error?: Error) => {
    ports.log.error(reason, { error });
    process.exit(1);
  };
  return createEtcd({ ...ports, exit }, configOf(flags));
});
