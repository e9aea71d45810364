import { GatewayError } from "@/server/errors";
import { classify } from "@/server/providers/anthropic/classify";
import { countTokens } from "@/server/providers/anthropic/count-tokens";
import { decode } from "@/server/providers/anthropic/decode";
import { encode } from "@/server/providers/anthropic/encode";
import { endpoint, requestHeaders } from "@/server/providers/anthropic/endpoint";
import { modelFacts } from "@/server/providers/anthropic/models";
import { messages } from "@/server/providers/anthropic/native";
import { decodeStream } from "@/server/providers/anthropic/stream";
import type { ProviderType } from "@/server/providers/provider";
import { isRecord, textOf } from "@/server/wire/json";

/** Anthropic's own API. Source: platform.claude.com, API reference. */
export const anthropic: ProviderType = {
  id: "anthropic",
  label: "Anthropic",
  about: "Claude models from Anthropic.",
  baseUrl: "https://api.anthropic.com",
  auth: { scheme: "header", name: "x-api-key", prefix: "" },
  keyOptional: false,
  chat: { kind: "translated", encode, decode, decodeStream, continues: ({ model }) => modelFacts(model).prefill },
  native: { messages },
  countTokens,
  listModels: {
    encode: (target) => ({
      method: "GET",
      url: endpoint(target, "/models?limit=1000"),
      headers: requestHeaders(target),
    }),
    decode: (body) => {
      if (!isRecord(body) || !Array.isArray(body.data)) {
        throw new GatewayError("upstream_garbled", "The upstream's answer holds no list of models.");
      }
      return body.data.flatMap((entry: unknown) => {
        const id = isRecord(entry) ? textOf(entry.id) : undefined;
        return id === undefined ? [] : [{ id, ownedBy: "anthropic" }];
      });
    },
  },
  classify,
  priceLibraryId: "anthropic",
};
