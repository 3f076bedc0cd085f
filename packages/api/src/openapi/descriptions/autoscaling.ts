/** autoscaling/v1 and v2. */
export default `
HorizontalPodAutoscaler: Changes the number of pods of a workload so that what is measured stays near what is wanted.
HorizontalPodAutoscalerSpec: Which workload, between which bounds, by which measurements.
  scaleTargetRef: The workload; it must have a scale subresource.
  minReplicas: The fewest pods. Default: 1.
  maxReplicas: The most pods.
  metrics: What is measured; the one that asks for most pods counts. Default: 80% of the requested CPU.
  behavior: How fast it may go up and down.
  targetCPUUtilizationPercentage: CPU that the pods should use, in percent of what they requested.
HorizontalPodAutoscalerStatus: What was measured and decided.
  lastScaleTime: When the number of pods was last changed.
  currentReplicas: How many pods there are.
  desiredReplicas: How many there should be.
  currentMetrics: What was measured last.
  currentCPUUtilizationPercentage: CPU that the pods use, in percent of what they requested.
HorizontalPodAutoscalerCondition: One aspect of its state, such as AbleToScale.
HorizontalPodAutoscalerBehavior: How fast it may go up and down.
  scaleUp: Rules for going up.
  scaleDown: Rules for going down.
HPAScalingRules: Rules for one direction.
  stabilizationWindowSeconds: How far to look back for a more careful decision.
  selectPolicy: Which policy counts: Max, Min, or Disabled for not at all. Default: Max.
  policies: How much may change in how much time.
HPAScalingPolicy: How much may change in how much time.
  type: Pods or Percent.
  value: How much.
  periodSeconds: In how many seconds.
CrossVersionObjectReference: An object in the same namespace.
  kind: Kind of the object.
  apiVersion: Group and version of the object.
MetricSpec: One thing to measure.
  type: Resource, ContainerResource, Pods, Object or External.
  object: A number that describes another object.
  pods: A number of each pod, averaged.
  resource: CPU or memory of the pods.
  containerResource: CPU or memory of one container of the pods.
  external: A number from outside of the cluster.
MetricStatus = MetricSpec: What was measured.
MetricTarget: The value to keep near.
  type: Utilization, Value or AverageValue.
  value: The value itself.
  averageValue: The average over the pods.
  averageUtilization: The average over the pods, in percent of what they requested.
MetricValueStatus = MetricTarget: The value that was measured.
MetricIdentifier: What a number is called.
  name: Its name.
  selector: Its labels.
ObjectMetricSource: A number that describes another object.
  describedObject: The object.
  target: The value to keep near.
  metric: What the number is called.
ObjectMetricStatus: A number that describes another object, as measured.
  metric: What the number is called.
  current: The value now.
  describedObject: The object.
PodsMetricSource = ObjectMetricSource: A number of each pod.
PodsMetricStatus = ObjectMetricStatus: A number of each pod, as measured.
ExternalMetricSource = ObjectMetricSource: A number from outside of the cluster.
ExternalMetricStatus = ObjectMetricStatus: A number from outside of the cluster, as measured.
ResourceMetricSource: A resource of the pods.
  name: cpu or memory.
  target: The value to keep near.
ResourceMetricStatus: A resource of the pods, as measured.
  name: cpu or memory.
  current: The value now.
ContainerResourceMetricSource = ResourceMetricSource: A resource of one container of the pods.
  container: Name of the container.
ContainerResourceMetricStatus = ResourceMetricStatus: A resource of one container of the pods, as measured.
  container: Name of the container.
Scale: A workload's number of pods, whatever its kind.
ScaleSpec: The number that is wanted.
ScaleStatus: The number that there is.
  selector: Selector of the pods, as text.
`;
