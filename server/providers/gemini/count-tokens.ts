import { GatewayError } from "@/server/errors";
import { encodeContentRequest } from "@/server/providers/gemini/encode";
import { endpoint, jsonHeaders, modelPath } from "@/server/providers/gemini/endpoint";
import type { ProviderType } from "@/server/providers/provider";
import { countOf, isRecord } from "@/server/wire/json";

/** The count of an answer of countTokens; throws `upstream_garbled` where there is none. */
export function decodeCount(body: unknown): { response: { inputTokens: number }; usage: undefined } {
  const inputTokens = isRecord(body) ? countOf(body.totalTokens) : undefined;
  if (inputTokens === undefined) {
    throw new GatewayError("upstream_garbled", "The upstream's answer holds no count of tokens.");
  }
  return { response: { inputTokens }, usage: undefined };
}

/** Counts a whole request, its instructions and tools too. Source: Gemini API reference, "models.countTokens". */
export const countTokens: NonNullable<ProviderType["countTokens"]> = {
  encode: (request, target) => {
    const { body, dropped } = encodeContentRequest(request, target);
    const generateContentRequest = { model: modelPath(target.model), ...body };
    const url = endpoint(target, "countTokens");
    return {
      request: {
        method: "POST",
        url,
        headers: jsonHeaders(target),
        body: JSON.stringify({ generateContentRequest }),
      },
      dropped: [...dropped],
    };
  },
  decode: decodeCount,
};
