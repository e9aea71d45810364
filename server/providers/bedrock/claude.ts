import { messages } from "@/server/providers/anthropic/native";
import { jsonHeaders, modelUrl } from "@/server/providers/bedrock/endpoint";
import { isClaude } from "@/server/providers/bedrock/models";
import type { Native, Target } from "@/server/providers/provider";
import { listOf, textOf } from "@/server/wire/json";

/** The one version of the Messages API that Bedrock has. */
const VERSION = "bedrock-2023-05-31";

/**
 * Claude for callers who speak the Messages API: Bedrock's `InvokeModel` takes and gives Anthropic's own bodies. The model
 * and whether it streams are in the path, the version and the betas in the body. Source: Amazon Bedrock User Guide,
 * "Anthropic Claude Messages API".
 */
export const messagesOfClaude: Native = {
  serves: isClaude,
  framing: "aws-chunks",
  url: (target, { stream }) => modelUrl(target, stream ? "invoke-with-response-stream" : "invoke"),
  headers: jsonHeaders,
  change: (body, target, caller) => {
    const kept = messages.change?.(body, target, caller);
    const betas = betasOf(body, target, caller["anthropic-beta"]);
    return {
      fields: {
        ...kept?.fields,
        model: null,
        stream: null,
        anthropic_version: JSON.stringify(VERSION),
        ...(betas.length > 0 && { anthropic_beta: JSON.stringify(betas) }),
      },
      ...(kept?.dropped && { dropped: kept.dropped }),
    };
  },
};

/** The caller's betas, from the header or the body, and those that the admin set as the option `betas`. */
function betasOf(
  body: Readonly<Record<string, unknown>>,
  target: Target,
  header: string | string[] | undefined,
): string[] {
  const asked = [header ?? []].flat().flatMap((list) => list.split(","));
  const all = [...listOf(target.options.betas), ...listOf(body.anthropic_beta), ...asked];
  return [...new Set(all.flatMap((name) => textOf(typeof name === "string" ? name.trim() : name) ?? []))];
}
