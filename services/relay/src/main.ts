import { runMain } from "@flotilla/process";
import { createRelay } from "./assemble.ts";

await runMain(
  "flotilla-relay",
  "Balances connections over the API servers of a cluster and forwards others into its network.",
  {
    "listen-fd": { type: "int", help: "descriptor of an inherited listening socket" },
    listen: { type: "list", default: [], help: "addresses to listen on for API connections, host:port" },
    backends: { type: "list", default: [], help: "API servers to balance over, host:port" },
    "forward-socket": { type: "string", help: "path of a unix socket that takes CONNECT host:port" },
    "dns-listen": { type: "string", help: "address to take DNS questions at, host:port" },
    "dns-socket": { type: "string", help: "path of the unix socket that answers them" },
  },
  (flags, ports) =>
    createRelay(ports, {
      listenFd: flags["listen-fd"],
      listen: flags.listen,
      backends: flags.backends,
      forwardSocket: flags["forward-socket"],
      dns: flags["dns-listen"] && flags["dns-socket"] ? { listen: flags["dns-listen"], socket: flags["dns-socket"] } : undefined,
    }),
);
