export default `
PodDisruptionBudget: How many pods of a group may be missing when pods are evicted on purpose.
PodDisruptionBudgetSpec: Which pods, and how many must stay.
  minAvailable: How many must stay, as number or percentage.
  selector: The pods, by their labels.
  maxUnavailable: How many may be missing, as number or percentage; instead of minAvailable.
  unhealthyPodEvictionPolicy: When pods that are not ready may go: IfHealthyBudget or AlwaysAllow. Default: IfHealthyBudget.
PodDisruptionBudgetStatus: How many may go now.
  disruptedPods: Pods whose eviction was let through and that are not gone yet, with the time.
  disruptionsAllowed: How many may go now.
  currentHealthy: How many are healthy.
  desiredHealthy: How many must be healthy.
  expectedPods: How many there should be.
Eviction: Asks a pod to go, if its disruption budgets let it.
  deleteOptions: How to delete the pod.
`;
