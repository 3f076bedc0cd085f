import type { ServerResponse } from "node:http";
import type { PageReply } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { Address } from "../network/service-endpoint.ts";
import type { Operation } from "../registry/dispatch.ts";
import type { Kernel } from "../registry/kernel.ts";
import type { Call, Reply } from "../request/call.ts";
import { methodNotAllowed, noSuchPath } from "../request/errors.ts";
import { type KubeletClient, kubeletError } from "../streams/kubelet-client.ts";
import { type Destination, forward, forwardUpgrade } from "./forward.ts";
import { linkRewriter } from "./html-links.ts";
import { locateNode, locatePod, locateService } from "./locate.ts";
import { type ProxyName, parseProxyName, splitProxyPath } from "./target.ts";

type Locate = (kernel: Kernel, call: Call, target: ProxyName) => Promise<Address>;

/** pods/NAME/proxy, services/NAME/proxy, nodes/NAME/proxy: any HTTP request, to where the object lives. */
export function proxyOperations(kubelets: KubeletClient): [string, Operation][] {
  const node: Operation = (kernel, call, def) => {
    const { name, port } = parseProxyName(call.info.name);
    // Go clients write the kubelet's port too: nodes/NAME:10250/proxy.
    if (port === "" || port === String(kubelets.port(name))) return page(kubelets, name, call);
    return through((_kernel, _call, target) => locateNode(_kernel, target))(kernel, call, def);
  };
  return [
    ["/pods/proxy", through((kernel, call, target) => locatePod(kernel, call.info.namespace, target))],
    ["/services/proxy", through((kernel, call, target) => locateService(kernel, call.info.namespace, target))],
    ["/nodes/proxy", node],
  ];
}

function through(locate: Locate): Operation {
  return async (kernel, call): Promise<Reply> => {
    const { prefix, rest } = splitProxyPath(call.info.path);
    // "//host/…" is read by browsers as another host: nothing is redirected there.
    if (prefix.startsWith("//")) throw noSuchPath();
    const query = call.query.size === 0 ? "" : `?${call.query}`;
    // Relative links of a root page need its slash.
    if (rest === "") return redirect(`${prefix}/${query}`);
    const target = parseProxyName(call.info.name);
    const location = await locate(kernel, call, target);
    const destination: Destination = {
      scheme: target.scheme,
      ...location,
      path: `${rest}${query}`,
      // As upstream: what a pod serves by https is trusted by its address, not by its certificate.
      tls: { rejectUnauthorized: false },
      headers: { "x-forwarded-uri": prefix + rest },
      rewriteLink: linkRewriter(prefix, `${location.host}:${location.port}`),
    };
    return {
      type: "proxy",
      serve: (request, response) => forward(request, response, destination, call.signal),
      upgrade: (request, socket, head) => forwardUpgrade(request, socket, head, destination, call.signal),
    };
  };
}

const redirect = (location: string): Reply => ({
  type: "stream",
  async serve(response: ServerResponse) {
    response.writeHead(301, { location });
    response.end();
  },
});

/** The kubelet's own pages: /healthz, /pods, /stats/summary, /metrics/resource. */
async function page(kubelets: KubeletClient, node: string, call: Call): Promise<Reply> {
  if (call.info.verb !== "get") throw methodNotAllowed();
  const { rest } = splitProxyPath(call.info.path);
  const { code, contentType, body } = await new Promise<PageReply>((resolve, reject) => {
    kubelets.of(node).page({ path: rest || "/" }, (error, reply) => (error ? reject(kubeletError(error)) : resolve(reply)));
  });
  return { type: "document", code, contentType, body };
}
