import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestCluster } from "../../support/cluster.ts";
import { eventually } from "../../support/run.ts";

/** What one pod can do: containers, volumes, environment, probes, logs, exec, DNS and service access. */
export function podsSuite(cluster: TestCluster, image: string): void {
  test("two containers share IP and volume; init runs first; env comes from everywhere", async () => {
    await cluster.kubectl("create", "configmap", "conf", "--from-literal=color=blue");
    await cluster.kubectl("create", "secret", "generic", "sec", "--from-literal=word=hush");
    await cluster.apply(`
apiVersion: v1
kind: Pod
metadata: {name: multi, labels: {app: multi}}
spec:
  terminationGracePeriodSeconds: 1
  initContainers:
  - {name: first, image: "${image}", command: [sh, -c, "echo from-init > /shared/init"], volumeMounts: [{name: shared, mountPath: /shared}]}
  containers:
  - name: web
    image: "${image}"
    command: [sh, -c, "cat /shared/init > /www/index.html; echo $COLOR-$WORD-$NODE-$IP; httpd -f -p 8080 -h /www"]
    env:
    - {name: COLOR, valueFrom: {configMapKeyRef: {name: conf, key: color}}}
    - {name: WORD, valueFrom: {secretKeyRef: {name: sec, key: word}}}
    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    volumeMounts: [{name: shared, mountPath: /shared}, {name: conf, mountPath: /conf}]
    readinessProbe: {httpGet: {port: 8080, path: /}, periodSeconds: 1}
    resources: {limits: {cpu: 500m, memory: 64Mi}, requests: {cpu: 10m, memory: 16Mi}}
  - {name: peer, image: "${image}", command: [sh, -c, "sleep 3600"], volumeMounts: [{name: shared, mountPath: /shared}]}
  volumes:
  - {name: shared, emptyDir: {}}
  - {name: conf, configMap: {name: conf}}
`);
    await cluster.kubectl("wait", "--for=condition=Ready", "pod/multi", "--timeout=60s");
    const pod = await cluster.json("get", "pod", "multi");
    assert.equal(pod.status.qosClass, "Burstable");
    const log = await cluster.kubectl("logs", "multi", "-c", "web");
    assert.equal(log.trim(), `blue-hush-${pod.spec.nodeName}-${pod.status.podIP}`);
    assert.equal(
      (await cluster.kubectl("exec", "multi", "-c", "peer", "--", "wget", "-qO-", "http://127.0.0.1:8080/")).trim(),
      "from-init",
    );
    assert.equal((await cluster.kubectl("exec", "multi", "-c", "web", "--", "cat", "/conf/color")).trim(), "blue");
    const failing = await cluster.tryKubectl(["exec", "multi", "-c", "peer", "--", "sh", "-c", "exit 7"]);
    assert.equal(failing.code, 7);
    const echoed = await cluster.tryKubectl(["exec", "-i", "multi", "-c", "peer", "--", "cat"], { stdin: "through stdin\n" });
    assert.equal(echoed.stdout, "through stdin\n");
  });

  test("a service's name resolves and its address answers from another pod", async () => {
    await cluster.kubectl("expose", "pod", "multi", "--port=80", "--target-port=8080", "--name=multi-svc");
    await cluster.kubectl("run", "probe", `--image=${image}`, "--restart=Never", "--command", "--", "sleep", "3600");
    await cluster.kubectl("wait", "--for=condition=Ready", "pod/probe", "--timeout=60s");
    const ip = (await cluster.json("get", "svc", "multi-svc")).spec.clusterIP;
    const looked = await eventually("the name resolves", async () => {
      const result = await cluster.tryKubectl(["exec", "probe", "--", "nslookup", "multi-svc.default.svc.cluster.local"]);
      return result.stdout.includes(ip) ? result.stdout : undefined;
    });
    assert.match(looked, /10\.96\.0\.10/);
    const body = await eventually(
      "the service answers",
      () => cluster.kubectl("exec", "probe", "--", "wget", "-qO-", `http://${ip}/`),
      20_000,
    );
    assert.equal(body.trim(), "from-init");
    await cluster.kubectl("exec", "probe", "--", "sh", "-c", "nc -w 2 10.96.0.1 443 </dev/null");
  });

  test("a failing container is restarted with back-off; a liveness probe kills", async () => {
    await cluster.kubectl("run", "crash", `--image=${image}`, "--command", "--", "sh", "-c", "echo dying; exit 3");
    await eventually(
      "CrashLoopBackOff shows",
      async () => /crash\s+0\/1\s+CrashLoopBackOff\s+[1-9]/.test(await cluster.kubectl("get", "pods")),
      60_000,
    );
    const pod = await cluster.json("get", "pod", "crash");
    assert.equal(pod.status.containerStatuses[0].lastState.terminated.exitCode, 3);
    assert.match(await cluster.kubectl("logs", "crash", "--previous"), /dying/);
    assert.match(await cluster.kubectl("describe", "pod", "crash"), /Back-off restarting failed container/);
    await cluster.apply(`
apiVersion: v1
kind: Pod
metadata: {name: unwell}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: c, image: "${image}", command: [sh, -c, "touch /tmp/ok; sleep 3; rm /tmp/ok; sleep 3600"], livenessProbe: {exec: {command: [test, -f, /tmp/ok]}, periodSeconds: 1, failureThreshold: 2}}
`);
    await eventually(
      "the probe kills it",
      async () => ((await cluster.json("get", "pod", "unwell")).status.containerStatuses?.[0]?.restartCount ?? 0) >= 1,
      40_000,
    );
    await cluster.kubectl("delete", "pod", "crash", "unwell", "--wait=false");
  });

  test("an image that is not there: ErrImagePull, then ImagePullBackOff", async () => {
    await cluster.kubectl("run", "noimage", "--image=localhost:1/no/such:1");
    await eventually(
      "it says so",
      async () => /noimage\s+0\/1\s+(ErrImagePull|ImagePullBackOff)/.test(await cluster.kubectl("get", "pods")),
      60_000,
    );
    await cluster.kubectl("delete", "pod", "noimage", "--now");
  });

  test("a pod that fits nowhere says why", async () => {
    await cluster.apply(
      `apiVersion: v1\nkind: Pod\nmetadata: {name: huge}\nspec: {containers: [{name: c, image: "${image}", resources: {requests: {cpu: "500"}}}]}\n`,
    );
    await eventually(
      "FailedScheduling shows",
      async () =>
        /FailedScheduling.*0\/6 nodes are available: .*3 Insufficient cpu/.test(
          await cluster.kubectl("get", "events", "--field-selector", "involvedObject.name=huge"),
        ),
      20_000,
    );
    await cluster.kubectl("delete", "pod", "huge", "--now");
  });

  test("port-forward and cp carry data", async () => {
    const text = "a line to copy\n";
    await cluster.kubectl("exec", "multi", "-c", "peer", "--", "sh", "-c", `printf '${text.trim()}\\n' > /tmp/there`);
    assert.equal(await cluster.kubectl("exec", "multi", "-c", "peer", "--", "cat", "/tmp/there"), text);
    await cluster.kubectl("cp", "multi:/tmp/there", `${cluster.home}/here`, "-c", "peer");
    const { readFileSync } = await import("node:fs");
    assert.equal(readFileSync(`${cluster.home}/here`, "utf8"), text);
    const body = await cluster.portForward("pod/multi", 8080, async (port) => (await fetch(`http://127.0.0.1:${port}/`)).text());
    assert.equal(body.trim(), "from-init");
    await cluster.kubectl("delete", "pod", "multi", "probe", "--now");
    await cluster.kubectl("delete", "svc/multi-svc", "cm/conf", "secret/sec");
  });

  test("deleting a namespace takes everything in it", async () => {
    await cluster.kubectl("create", "namespace", "doomed");
    await cluster.kubectl("create", "deployment", "web", "-n", "doomed", `--image=${image}`, "--replicas=2", "--", "sleep", "3600");
    await cluster.kubectl("create", "configmap", "x", "-n", "doomed");
    await cluster.kubectl("wait", "-n", "doomed", "--for=condition=Available", "deploy/web", "--timeout=60s");
    await cluster.kubectl("delete", "namespace", "doomed", "--timeout=60s");
    const gone = await cluster.tryKubectl(["get", "namespace", "doomed"]);
    assert.match(gone.stderr, /NotFound/);
  });
}
