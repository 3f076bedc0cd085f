/** Conversion by webhook: ConversionReview v1 (apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go). */
import { apiError, type Convert, type CustomResourceDefinition, isObject, type KubeObject } from "@flotilla/api";
import { type Random, uuid } from "@flotilla/base";
import type { WebhookClient, WebhookTarget } from "../network/webhook-client.ts";

/** Upstream's own: conversion stands in the way of every read. */
const TIMEOUT_MS = 30_000;

export interface ConversionPorts {
  webhooks: Pick<WebhookClient, "post">;
  random: Random;
}

export function webhookConverter({ webhooks, random }: ConversionPorts, crd: CustomResourceDefinition): Convert {
  const { group, names, conversion } = crd.spec;
  const target = conversion?.webhook?.clientConfig as WebhookTarget | undefined;
  return async (objects, version) => {
    const desired = `${group}/${version}`;
    const failed = (why: string) => apiError("InternalError", `conversion webhook for ${desired}, Kind=${names.kind} failed: ${why}`);
    if (!target) throw failed("no webhook is configured");
    const foreign = objects.filter(({ apiVersion }) => apiVersion !== desired);
    if (foreign.length === 0) return objects;
    const uid = uuid(random);
    const request = { uid, desiredAPIVersion: desired, objects: foreign };
    let answer: unknown;
    try {
      answer = await webhooks.post(target, { kind: "ConversionReview", apiVersion: "apiextensions.k8s.io/v1", request }, TIMEOUT_MS);
    } catch (error) {
      throw failed((error as Error).message.replace(/^failed to call webhook: /, ""));
    }
    const converted = readAnswer(answer, uid, foreign, desired, failed);
    return objects.map((object) => (object.apiVersion === desired ? object : converted.get(object)!));
  };
}

/** The answer's objects by what they were; a webhook may change metadata's labels and annotations, no more. */
function readAnswer(
  answer: unknown,
  uid: string,
  asked: readonly KubeObject[],
  desired: string,
  failed: (why: string) => Error,
): Map<KubeObject, KubeObject> {
  const response = isObject(answer) ? answer["response"] : undefined;
  if (!isObject(response)) throw failed("invalid response: no response");
  if (response["uid"] !== uid) throw failed(`invalid response: expected UID ${uid}, got ${String(response["uid"])}`);
  const result = response["result"];
  if (!isObject(result) || result["status"] !== "Success") {
    const message = isObject(result) && result["message"] ? `: ${String(result["message"])}` : "";
    throw failed(message === "" ? "invalid response: Failure" : message.slice(2));
  }
  const objects = (response["convertedObjects"] ?? []) as KubeObject[];
  if (objects.length !== asked.length) {
    throw failed(`invalid response: expected ${asked.length} converted objects, got ${objects.length}`);
  }
  return new Map(
    asked.map((before, index) => {
      const after = objects[index];
      if (!isObject(after) || !isObject(after.metadata)) throw failed(`invalid converted object at index ${index}: no object`);
      if (after.apiVersion !== desired) throw failed(`invalid converted object at index ${index}: invalid apiVersion, expected ${desired}`);
      if (after.kind !== before.kind) throw failed(`invalid converted object at index ${index}: invalid kind`);
      if (after.metadata?.uid !== before.metadata.uid || after.metadata?.name !== before.metadata.name) {
        throw failed(`invalid converted object at index ${index}: metadata was changed`);
      }
      const { labels, annotations } = after.metadata;
      const { labels: _, annotations: __, ...metadata } = before.metadata;
      const kept = { ...metadata, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
      return [before, { ...after, metadata: kept }];
    }),
  );
}
