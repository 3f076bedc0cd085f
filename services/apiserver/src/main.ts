#!/usr/bin/env node
import { runMain } from "@flotilla/process";
import { createApiServer } from "./assemble.ts";
import { readConfig } from "./config.ts";
import { FLAGS } from "./flags.ts";

await runMain(
  "kube-apiserver",
  "Serves the Kubernetes API over REST and gRPC; the only component that talks to the store.",
  FLAGS,
  async (flags, ports) => createApiServer(ports, await readConfig(flags, ports.clock)),
);
