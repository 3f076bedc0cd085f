import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { hasRealEtcd } from "./etcd.ts";
import { Harness } from "./harness.ts";

const KUBECTLS = Harness.kubectls();
const WEB = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}], type: NodePort}
`;

for (const store of ["ours", "etcd"] as const) {
  const skip = (KUBECTLS.length === 0 && "no kubectl here") || (store === "etcd" && !hasRealEtcd() && "no etcd here");
  describe(`the real kubectl against two replicas on ${store === "etcd" ? "a real etcd" : "one store"}`, { skip }, () => suite(store));
}

function suite(store: "ours" | "etcd"): void {
  const harness = new Harness({ store });
  before(() => harness.start(2));
  after(() => harness.stop());

  const first = KUBECTLS[0]!;
  const last = KUBECTLS.at(-1)!;
  const name = (binary: string) => binary.split("/").at(-1);

  /** Runs a command line and matches what it prints. */
  async function check(
    binary: string,
    line: string,
    expected: RegExp | string,
    options: Parameters<Harness["kubectl"]>[2] = {},
  ): Promise<string> {
    const { stdout, stderr } = await harness.kubectl(binary, line.split(" "), options);
    const printed = (stdout + stderr).trim();
    if (typeof expected === "string") assert.equal(printed, expected, line);
    else assert.match(printed, expected, line);
    return printed;
  }

  for (const binary of new Set([first, last])) {
    test(`${name(binary)}: create, change and delete`, async () => {
      await check(binary, "create deployment d --image=nginx --replicas=2", "deployment.apps/d created");
      await check(binary, "create deployment d --image=nginx", 'error: failed to create deployment: deployments.apps "d" already exists');
      await check(
        binary,
        "get deployment d -o jsonpath={.spec.replicas}:{.spec.strategy.type}:{.metadata.generation}",
        "2:RollingUpdate:1",
      );
      await check(binary, "get deployment d", /NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nd +0\/2 +0 +0 +\d+s/);
      await check(binary, "scale deployment d --replicas=5", "deployment.apps/d scaled");
      await check(binary, "get deployment d --subresource=scale", /NAME +DESIRED +AVAILABLE +AGE\nd +5 +0 +\d+s/);
      await check(binary, "set image deployment/d nginx=nginx:2", "deployment.apps/d image updated");
      await check(binary, "label deployment d x=y", "deployment.apps/d labeled");
      await check(binary, "get deployment -l x=y -o jsonpath={.items[*].spec.replicas}", "5");
      await check(binary, "delete deployment d", /deployment.apps "d" deleted/);
      await check(binary, "get deployment d", 'Error from server (NotFound): deployments.apps "d" not found');
    });

    test(`${name(binary)}: apply twice, diff, replace by apply`, async () => {
      await check(binary, "apply -f -", "deployment.apps/web created\nservice/web created", { stdin: WEB });
      await check(binary, "apply -f -", "deployment.apps/web unchanged\nservice/web unchanged", { stdin: WEB });
      await check(binary, "diff -f -", "", { stdin: WEB });
      await check(binary, "apply -f -", "deployment.apps/web configured\nservice/web unchanged", {
        stdin: WEB.replace("image: nginx", "image: nginx:2"),
      });
      await check(binary, "get service web -o jsonpath={.spec.clusterIP}/{.spec.ports[0].nodePort}", /^10\.\d+\.\d+\.\d+\/3[0-2]\d{3}$/);
      await check(binary, "delete -f -", /service "web" deleted/, { stdin: WEB });
    });

    test(`${name(binary)}: wrong input gets Kubernetes' own answers`, async () => {
      await check(
        binary,
        "create configmap Bad_Name",
        /The ConfigMap "Bad_Name" is invalid|configmap "Bad_Name" is invalid|ConfigMap "Bad_Name" is invalid/i,
      );
      const typo = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","imagee":"x"}]}}';
      await check(binary, "create --validate=strict -f -", /strict decoding error: unknown field "spec.containers\[0\].imagee"/, {
        stdin: typo,
      });
      await check(binary, "-n nowhere create configmap c", 'error: failed to create configmap: namespaces "nowhere" not found');
      await check(
        binary,
        "get pods",
        'Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
        { user: "jane" },
      );
      await check(
        binary,
        "delete namespace default",
        'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
      );
      await check(binary, "create service nodeport n --tcp=80 --node-port=80", /provided port is not in the valid range/);
      await check(binary, "get --raw /nothing", "Error from server (NotFound): the server could not find the requested resource");
    });

    test(`${name(binary)}: kinds that are deprecated say so on every answer`, async () => {
      const warning = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
      await check(binary, "get endpoints kubernetes -o name", `endpoints/kubernetes\n${warning}`);
      await check(binary, "delete endpoints nothing", `${warning}\nError from server (NotFound): endpoints "nothing" not found`);
    });
  }

  test("RBAC: a role is granted, used and taken away; nobody grants more than he has", async () => {
    await check(last, "create role reader --verb=get,list --resource=configmaps", "role.rbac.authorization.k8s.io/reader created");
    await check(last, "create rolebinding jane --role=reader --user=jane", "rolebinding.rbac.authorization.k8s.io/jane created");
    await check(last, "auth can-i list configmaps", "yes", { user: "jane" });
    await check(last, "auth can-i list secrets", /^no/, { user: "jane" });
    await check(last, "create clusterrole rbac --verb=create --resource=roles,rolebindings", /created/);
    await check(last, "create clusterrolebinding rbac --clusterrole=rbac --user=jane", /created/);
    await check(last, "create role sneaky --verb=* --resource=secrets", /is attempting to grant RBAC permissions not currently held/, {
      user: "jane",
    });
    await check(last, "delete rolebinding jane", /deleted/);
    await check(last, "auth can-i list configmaps", /^no/, { user: "jane" });
  });

  test("service account tokens authenticate until the account goes", async () => {
    await check(last, "create serviceaccount bob", "serviceaccount/bob created");
    const token = await check(last, "create token bob", /^ey/);
    const { stdout } = await harness.kubectl(last, ["create", "-f", "-", "-o", "jsonpath={.status.user.username}"], {
      stdin: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", metadata: {}, spec: { token } }),
    });
    assert.equal(stdout, "system:serviceaccount:default:bob");
    await check(last, "delete serviceaccount bob", /deleted/);
    const gone = await harness.kubectl(last, ["create", "-f", "-", "-o", "jsonpath={.status.authenticated}"], {
      stdin: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", metadata: {}, spec: { token } }),
    });
    assert.match(gone.stdout, /^(false)?$/);
  });

  test("what one replica has written the other shows at once; lists page through at one revision", async () => {
    for (let i = 0; i < 5; i++) {
      await check(last, `create configmap page-${i}`, `configmap/page-${i} created`, { replica: i % 2 });
      await check(last, `get configmap page-${i} -o name`, `configmap/page-${i}`, { replica: (i + 1) % 2 });
    }
    await check(
      last,
      "get configmaps --chunk-size=2 -o name",
      "configmap/page-0\nconfigmap/page-1\nconfigmap/page-2\nconfigmap/page-3\nconfigmap/page-4",
    );
    const firstPage = await check(last, "get --raw /api/v1/namespaces/default/configmaps?limit=2", /"continue"/);
    const { metadata } = JSON.parse(firstPage) as { metadata: { continue: string; resourceVersion: string } };
    await check(last, "delete configmap page-3", /deleted/);
    const second = await check(last, `get --raw /api/v1/namespaces/default/configmaps?limit=2&continue=${metadata.continue}`, /page-3/, {
      replica: 1,
    });
    assert.equal((JSON.parse(second) as { metadata: typeof metadata }).metadata.resourceVersion, metadata.resourceVersion);
  });
}
