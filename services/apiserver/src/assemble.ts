import { createBuiltinRegistry } from "@flotilla/api";
import { sleep } from "@flotilla/base";
import type { BasePorts, Component } from "@flotilla/process";
import { buildAdmission } from "./admission/create.ts";
import { withExpressionChecks } from "./admission/policy/expression-check.ts";
import { Aggregator } from "./aggregation/aggregator.ts";
import { AuthenticationConfig } from "./aggregation/authentication-config.ts";
import { createAudit } from "./audit/create.ts";
import { createAuthenticator, forAudiences } from "./authn/authenticator.ts";
import { bootstrapTokenAuthenticator } from "./authn/bootstrap-token.ts";
import { ServiceAccountTokens } from "./authn/service-account.ts";
import { tokenFileAuthenticator } from "./authn/token-file.ts";
import { createAuthorizer } from "./authz/modes.ts";
import { eventHook } from "./bootstrap/event-lease.ts";
import { KubernetesService } from "./bootstrap/kubernetes-service.ts";
import { ensureNamespaces, ensurePriorityClasses } from "./bootstrap/namespaces.ts";
import { ensureRbac } from "./bootstrap/rbac.ts";
import { createChain } from "./chain.ts";
import type { Config } from "./config.ts";
import { Documents } from "./documents/documents.ts";
import type { HealthCheck } from "./documents/health.ts";
import { createEncryption } from "./encryption/create.ts";
import { CustomResources } from "./extensions/custom-resources.ts";
import { withRuleChecks } from "./extensions/schema-check.ts";
import { ensureFlowControl } from "./fairness/bootstrap.ts";
import { FlowControl } from "./fairness/controller.ts";
import { createLimits } from "./fairness/create.ts";
import { startGrpc } from "./grpc/server.ts";
import { Certificates } from "./http/certificates.ts";
import { startHttp } from "./http/server.ts";
import { Allocator } from "./network/allocator.ts";
import { type ServiceNetwork, serviceHook } from "./network/service-hook.ts";
import type { Kernel } from "./registry/kernel.ts";
import { RequestMetrics } from "./request/metrics.ts";
import { Readiness } from "./request/readiness.ts";
import { controlPlane } from "./special/component-status.ts";
import { specialOperations } from "./special/operations.ts";
import { Compactor } from "./storage/compactor.ts";
import { registerStorageMetrics } from "./storage/metrics.ts";
import { Store } from "./storage/store.ts";
import { KubeletClient } from "./streams/kubelet-client.ts";
import { UsageCollector } from "./usage/collector.ts";

export interface ApiServer extends Component {
  readonly port: number;
  readonly grpcPort: number;
  /** Resolves when everything that every cluster has is there. */
  readonly bootstrapped: Promise<void>;
}

/** Listens at once; answers 503 until the store has been read. */
export async function createApiServer(ports: BasePorts, config: Config): Promise<ApiServer> {
  const { clock, random, log } = ports;
  const definitions = createBuiltinRegistry((definition) => withExpressionChecks(withRuleChecks(definition)));
  const encryption = createEncryption(ports, config.encryption, definitions);
  const store = new Store(clock, log, config.etcd, encryption?.transformer);
  const authorizer = createAuthorizer(store, config.authorizationModes);
  const tokens = new ServiceAccountTokens(store, clock, random, config.serviceAccounts);
  const { audiences } = config.serviceAccounts;
  const authenticator = createAuthenticator(
    [
      ...(config.tokenFile === undefined ? [] : [forAudiences(tokenFileAuthenticator(config.tokenFile), audiences)]),
      tokens.authenticate,
      ...(config.bootstrapTokens ? [forAudiences(bootstrapTokenAuthenticator(store, clock), audiences)] : []),
    ],
    { anonymous: config.anonymous, audiences, frontProxies: config.aggregation.requestHeader.allowedNames },
  );
  const metrics = new RequestMetrics(clock, ({ group, version, resource }) => definitions.find(group, version, resource) !== undefined);
  const admission = buildAdmission(ports, config, { store, definitions, authorizer, metrics: metrics.registry });
  const network = serviceNetwork(ports, config, store);
  const hooks = new Map([
    ["services", serviceHook(network)],
    ["events", eventHook(store, clock, config.eventTtl_seconds)],
  ]);
  const kernel: Kernel = {
    clock,
    random,
    log,
    definitions,
    store,
    admission,
    authorizer,
    hooks,
    minRequestTimeout_seconds: config.minRequestTimeout_seconds,
  };
  const customResources = new CustomResources(kernel);
  const aggregator = new Aggregator(kernel, config.aggregation.proxy);
  const flowControl = new FlowControl(kernel);
  const kubernetes = new KubernetesService(kernel, network, { address: config.advertiseAddress, port: config.securePort });
  const readiness = new Readiness(clock);
  const state = { stopping: false };
  const documents = new Documents({
    definitions,
    aggregator,
    metrics: metrics.registry,
    checks: healthChecks(store, readiness, state),
    serverAddress: `${config.advertiseAddress}:${config.securePort}`,
    issuer: tokens.discovery(`https://${config.advertiseAddress}:${config.securePort}`),
  });
  const kubelets = new KubeletClient(clock, store, config.kubelet);
  const limits = createLimits(clock, definitions, store, metrics.registry, config);
  registerStorageMetrics(metrics.registry, store);
  const audit = createAudit(ports, config.audit, { definitions, metrics: metrics.registry });
  const special = specialOperations({
    authorizer,
    authenticator,
    tokens,
    kubelets,
    usage: new UsageCollector(clock, log, kubelets),
    components: controlPlane(clock, config.etcd),
    maxExpiration_seconds: config.serviceAccounts.maxExpiration_seconds,
  });
  const chain = createChain({ readiness, authenticator, authorizer, limits, audit, kernel, special, documents, aggregator });
  const certificates = new Certificates(ports, config.tls.files, config.tls.texts);
  const trust = new AuthenticationConfig(kernel, certificates, config.aggregation.requestHeader);
  const front = { clock, random, log, metrics };
  const { bindAddress: host, requestTimeout_ms, goawayChance } = config;
  const http = await startHttp(
    front,
    { host, port: config.securePort, requestTimeout_ms, goawayChance, requestHeader: config.aggregation.requestHeader },
    certificates,
    chain,
  );
  const grpc = config.grpcPort < 0 ? undefined : await startGrpc(front, `${host}:${config.grpcPort}`, certificates, chain);
  certificates.start();
  encryption?.start();
  log.info("listening", { port: http.port, grpcPort: grpc?.port });
  const bootstrapped = bootstrap(kernel, kubernetes, customResources).then(async () => {
    aggregator.start();
    flowControl.start();
    await trust.start();
    readiness.markReady();
    log.info("ready", { revision: store.revision });
  });
  const compactor = new Compactor(store.compaction, clock, log, config.compaction_ms);
  compactor.start();
  bootstrapped.catch((error) => log.error("bootstrap failed", { error }));
  return {
    port: http.port,
    grpcPort: grpc?.port ?? 0,
    bootstrapped,
    async stop() {
      // /readyz fails from here on; whoever balances the load has this long to see it.
      state.stopping = true;
      if (config.shutdownDelay_ms > 0) await sleep(clock, config.shutdownDelay_ms);
      certificates.stop();
      encryption?.stop();
      compactor.stop();
      customResources.stop();
      aggregator.stop();
      flowControl.stop();
      trust.stop();
      await kubernetes.stop();
      await Promise.all([http.stop(), grpc?.stop()]);
      await audit?.close();
      kubelets.close();
      admission.close();
      store.stop();
    },
  };
}

function serviceNetwork({ random }: BasePorts, config: Config, store: Store): ServiceNetwork {
  const { serviceCidr, nodePorts } = config;
  // KEP-3070: the first part of the range is kept for addresses that users choose.
  const reserved = Math.min(Math.max(16, Math.floor(serviceCidr.size / 16)), 256);
  return {
    cidr: serviceCidr,
    addresses: new Allocator(store, random, "cluster-ips", { first: 1, last: serviceCidr.size - 2, reserved }),
    ports: new Allocator(store, random, "node-ports", {
      ...nodePorts,
      reserved: Math.min(86, Math.floor((nodePorts.last - nodePorts.first) / 32)),
    }),
  };
}

async function bootstrap(kernel: Kernel, kubernetes: KubernetesService, customResources: CustomResources): Promise<void> {
  await kernel.store.start();
  customResources.start();
  await Promise.all([ensureNamespaces(kernel), ensurePriorityClasses(kernel), ensureRbac(kernel), ensureFlowControl(kernel)]);
  await kubernetes.start();
  // What was written must be seen here before anyone is told that we are ready.
  await kernel.store.fresh();
}

function healthChecks(store: Store, readiness: Readiness, state: { stopping: boolean }): HealthCheck[] {
  const all = ["healthz", "livez", "readyz"] as const;
  return [
    { name: "ping", on: all, check: () => undefined },
    { name: "etcd", on: ["healthz", "readyz"], check: () => store.fault },
    { name: "informer-sync", on: ["readyz"], check: () => (store.ready ? undefined : "caches are not filled") },
    {
      name: "poststarthook/rbac/bootstrap-roles",
      on: ["healthz", "readyz"],
      check: () => (readiness.ready ? undefined : "not finished"),
    },
    { name: "shutdown", on: ["readyz"], check: () => (state.stopping ? "process is shutting down" : undefined) },
  ];
}
