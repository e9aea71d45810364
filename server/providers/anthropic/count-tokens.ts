import { GatewayError } from "@/server/errors";
import { encode } from "@/server/providers/anthropic/encode";
import { endpoint } from "@/server/providers/anthropic/endpoint";
import type { ProviderType } from "@/server/providers/provider";
import { countOf, isRecord } from "@/server/wire/json";

/** The fields of a Messages request that this endpoint takes too; it refuses others. */
const COUNTED: ReadonlySet<string> = new Set([
  ...["model", "messages", "system", "tools", "tool_choice", "thinking", "cache_control"],
  ...["context_management", "mcp_servers"],
]);

/** Counts a request's prompt tokens, for nothing. Source: Anthropic API reference, "Count tokens in a Message". */
export const countTokens: NonNullable<ProviderType["countTokens"]> = {
  encode: (canonical, target) => {
    const { request, dropped } = encode(canonical, target);
    const body: unknown = JSON.parse(String(request.body));
    const counted = Object.entries(isRecord(body) ? body : {}).filter(([field]) => COUNTED.has(field));
    return {
      request: {
        ...request,
        url: endpoint(target, "/messages/count_tokens"),
        body: JSON.stringify(Object.fromEntries(counted)),
      },
      dropped,
    };
  },
  decode: (body) => {
    const inputTokens = countOf(isRecord(body) ? body.input_tokens : undefined);
    if (inputTokens === undefined) {
      throw new GatewayError("upstream_garbled", "The upstream's answer holds no count of tokens.");
    }
    return { response: { inputTokens }, usage: undefined };
  },
};
