import { GatewayError } from "@/server/errors";
import { converseBody } from "@/server/providers/bedrock/encode";
import { jsonHeaders, modelUrl } from "@/server/providers/bedrock/endpoint";
import { foundationModel } from "@/server/providers/bedrock/models";
import type { ProviderType } from "@/server/providers/provider";
import { countOf, isRecord } from "@/server/wire/json";

/** Counts a request's prompt tokens, for nothing; it knows models and not the profiles before them. Source: Amazon Bedrock API reference, "CountTokens". */
export const countTokens: NonNullable<ProviderType["countTokens"]> = {
  encode: (canonical, target) => {
    const { body, dropped } = converseBody(canonical, target);
    const { messages, system, toolConfig, additionalModelRequestFields } = body;
    const converse = { messages, system, toolConfig, additionalModelRequestFields };
    const url = modelUrl({ ...target, model: foundationModel(target) }, "count-tokens");
    return {
      request: { method: "POST", url, headers: jsonHeaders(target), body: JSON.stringify({ input: { converse } }) },
      dropped: [...dropped],
    };
  },
  decode: (body) => {
    const inputTokens = countOf(isRecord(body) ? body.inputTokens : undefined);
    if (inputTokens === undefined)
      throw new GatewayError("upstream_garbled", "The upstream's answer holds no count of tokens.");
    return { response: { inputTokens }, usage: undefined };
  },
};
