import { GatewayError } from "@/server/errors";
import type { ProviderType, UpstreamModel } from "@/server/providers/provider";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** The models of a list; names are given with their collection, `models/…` or `publishers/google/models/…`. */
export function decodeModels(body: unknown): UpstreamModel[] {
  const list = isRecord(body) ? (body.models ?? body.publisherModels ?? body.data) : undefined;
  if (!Array.isArray(list)) {
    throw new GatewayError("upstream_garbled", "The upstream's answer holds no list of models.");
  }
  return listOf(list).flatMap((entry) => {
    const name = isRecord(entry) ? (textOf(entry.name) ?? textOf(entry.id)) : undefined;
    const id = name?.replace(/^(publishers\/[\w-]+\/)?models\//, "");
    return id ? [{ id, ownedBy: "google" }] : [];
  });
}

/** Every model on one page: the API allows 1,000. Source: Gemini API reference, "models.list". */
export const listModels: NonNullable<ProviderType["listModels"]> = {
  encode: (target) => ({ method: "GET", url: `${target.baseUrl}/models?pageSize=1000`, headers: target.headers }),
  decode: decodeModels,
};
