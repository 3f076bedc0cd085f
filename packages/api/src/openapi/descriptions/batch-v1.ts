export default `
Job: Runs pods until so many of them have ended well.
JobSpec: Which pods, how many successes, and what to do about failures.
  parallelism: How many pods at most run at once. Default: 1.
  completions: How many must succeed. Nothing: one success ends the job.
  activeDeadlineSeconds: The job is failed and its pods ended after so many seconds.
  podFailurePolicy: Which failures count, and which fail the job at once.
  successPolicy: When an indexed job has succeeded before all indexes have.
  backoffLimit: How many failures are tried again before the job fails. Default: 6.
  backoffLimitPerIndex: How many failures of one index are tried again.
  maxFailedIndexes: How many indexes may fail before the job fails.
  selector: Labels of its pods. Mostly made by the server.
  manualSelector: True leaves selector and labels to the user.
  template: The pod; its restartPolicy must be Never or OnFailure.
  ttlSecondsAfterFinished: The job is deleted so many seconds after it has ended.
  completionMode: NonIndexed, or Indexed to give each pod a number. Default: NonIndexed.
  suspend: True runs no pods, and ends those that run. Default: false.
  podReplacementPolicy: When a failed pod is replaced: TerminatingOrFailed, or Failed to wait for its end.
  managedBy: Controller that is to look after the job, if not the usual one.
JobStatus: How far a job is.
  conditions: Latest observations, such as Complete or Failed.
  startTime: When it began, or went on after being suspended.
  completionTime: When it had succeeded.
  active: How many pods run.
  succeeded: How many pods succeeded.
  failed: How many pods failed.
  terminating: How many pods are ending.
  completedIndexes: Indexes that succeeded, such as 1,3-5.
  failedIndexes: Indexes that failed for good.
  uncountedTerminatedPods: Ended pods that are still to be counted.
  ready: How many running pods are ready.
JobCondition: One aspect of its state.
UncountedTerminatedPods: Ended pods that are still to be counted.
  succeeded: UIDs of those that succeeded.
  failed: UIDs of those that failed.
JobTemplateSpec: The job that is made from it.
  metadata: Labels and annotations of the jobs.
  spec: What the jobs are to do.
PodFailurePolicy: What to do about failed pods; the first rule that fits counts.
PodFailurePolicyRule: When, and what then.
  action: FailJob, FailIndex, Ignore or Count.
  onExitCodes: The rule fits by a container's exit code.
  onPodConditions: The rule fits by a condition of the pod.
PodFailurePolicyOnExitCodesRequirement: Exit codes that fit.
  containerName: Look at this container only.
  operator: In or NotIn.
  values: The exit codes, in order.
PodFailurePolicyOnPodConditionsPattern: A condition that fits.
  status: The condition's status. Default: True.
SuccessPolicy: When a job has succeeded early; one rule is enough.
SuccessPolicyRule: When a job has succeeded early.
  succeededIndexes: Indexes that must have succeeded.
  succeededCount: How many of them must have.
CronJob: Makes jobs at times given by a schedule.
CronJobSpec: When, and which job.
  schedule: Minute, hour, day of the month, month and day of the week, in cron's form.
  timeZone: Time zone of the schedule, such as Europe/Berlin. Default: the controller manager's.
  startingDeadlineSeconds: A job that could not be made for so many seconds is left out.
  concurrencyPolicy: While the last job still runs: Allow another, Forbid it, or Replace the last. Default: Allow.
  suspend: True makes no further jobs. Default: false.
  jobTemplate: The job.
  successfulJobsHistoryLimit: How many jobs that succeeded are kept. Default: 3.
  failedJobsHistoryLimit: How many jobs that failed are kept. Default: 1.
CronJobStatus: What was done so far.
  active: Jobs that run.
  lastScheduleTime: When a job was last made.
  lastSuccessfulTime: When a job last succeeded.
`;
