import { generateContent } from "@/server/dialects/gemini";
import { countContentTokens } from "@/server/gateway/count-tokens";
import type { Endpoint, Inbound } from "@/server/gateway/endpoint";
import { asJsonArray } from "@/server/gateway/json-array";
import { textEndpoint } from "@/server/gateway/text-call";

const answered = textEndpoint(generateContent);

/**
 * `POST /v1beta/models/{model}:generateContent`, `:streamGenerateContent` and `:countTokens`; without `alt=sse` a stream is one JSON array.
 * Source: Gemini API reference, "models.generateContent".
 */
export const callModel: Endpoint = async (inbound) => {
  const query = new URLSearchParams(inbound.query);
  const asked = withKey(inbound, query);
  if (inbound.params.id?.endsWith(":countTokens")) return countContentTokens(asked);
  const reply = await answered(asked);
  return typeof reply.body === "function" && query.get("alt") !== "sse" ? asJsonArray(reply, reply.body) : reply;
};

/** The key may stand in the query, as Google's API has it. */
export function withKey(inbound: Inbound, query = new URLSearchParams(inbound.query)): Inbound {
  const key = query.get("key");
  const { headers } = inbound;
  if (!key || headers.authorization !== undefined || headers["x-goog-api-key"] !== undefined) return inbound;
  const { method, path, query: asked, ip, params, cancel, actAsKeyId } = inbound;
  return {
    ...{ method, path, query: asked, ip, params, cancel, actAsKeyId },
    headers: { ...headers, "x-goog-api-key": key },
    body: (limitBytes) => inbound.body(limitBytes),
  };
}
