import type { Target } from "@/server/providers/provider";

/** `models/…` and `tunedModels/…` pass as they are; a bare name is one of the models. */
export function modelPath(model: string): string {
  return /^(models|tunedModels)\//.test(model) ? model : `models/${model}`;
}

/** A method of the target's model; without `alt=sse` a stream would come as one JSON array. */
export function endpoint(target: Target, method: string): string {
  const query = method === "streamGenerateContent" ? "?alt=sse" : "";
  return `${target.baseUrl}/${modelPath(target.model)}:${method}${query}`;
}

/** Headers of a request that has a JSON body. */
export function jsonHeaders(target: Target): Record<string, string> {
  return { "content-type": "application/json", ...target.headers };
}
