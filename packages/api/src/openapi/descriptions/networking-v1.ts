export default `
Ingress: Rules that lead HTTP requests from outside to services.
IngressSpec: The rules.
  ingressClassName: IngressClass whose controller is to take it.
  defaultBackend: Where requests go that no rule fits.
  tls: Certificates for hosts.
  rules: Rules by host. With none everything goes to the default backend.
IngressRule: What happens to requests for a host.
  host: The host's name, or *.domain. Nothing: every host.
  http: Rules by path.
HTTPIngressRuleValue: Rules by path.
  paths: The paths.
HTTPIngressPath: What happens to requests for a path.
  path: The path; it begins with a slash.
  pathType: Exact, Prefix (whole elements) or ImplementationSpecific.
  backend: Where the requests go.
IngressBackend: Where requests go.
  service: A service in the same namespace.
  resource: Another object in the same namespace.
IngressServiceBackend: A port of a service.
  port: The port.
ServiceBackendPort: A port of a service, by name or number.
  name: Its name.
  number: Its number.
IngressTLS: A certificate for hosts.
  hosts: The hosts.
  secretName: Secret with certificate and key.
IngressStatus: Where requests are taken.
  loadBalancer: The balancer in front.
IngressLoadBalancerStatus: Addresses of a balancer.
  ingress: The addresses.
IngressLoadBalancerIngress: An address of a balancer.
  ports: State of each port.
IngressPortStatus: State of a balancer's port.
IngressClass: A kind of ingress, and the controller that serves it.
IngressClassSpec: The controller and its settings.
  controller: Name of the controller, as domain/name. It cannot change.
  parameters: Object with settings for the controller.
IngressClassParametersReference: An object with settings.
  kind: Kind of the object.
  scope: Cluster or Namespace. Default: Cluster.
NetworkPolicy: Which connections pods may have.
NetworkPolicySpec: For which pods, and what is let through.
  podSelector: The pods, by their labels; an empty selector means all of the namespace.
  ingress: Connections to the pods that are let through. With none, no connection is.
  egress: Connections from the pods that are let through. With none, no connection is.
  policyTypes: What the policy is about: Ingress, Egress. Default: Ingress, and Egress where there are such rules.
NetworkPolicyIngressRule: Connections to the pods.
  ports: To which ports; nothing means all.
  from: From whom; nothing means everyone.
NetworkPolicyEgressRule: Connections from the pods.
  ports: To which ports; nothing means all.
  to: To whom; nothing means everyone.
NetworkPolicyPort: Ports of a rule.
  port: Number or name; nothing means all.
  endPort: Last number of a range.
NetworkPolicyPeer: The other end of a connection.
  podSelector: Pods, by their labels.
  namespaceSelector: Pods of these namespaces. With podSelector: such pods in such namespaces.
  ipBlock: A range of addresses.
IPBlock: A range of addresses.
  cidr: The range, such as 10.0.0.0/8.
  except: Ranges to leave out of it.
`;
