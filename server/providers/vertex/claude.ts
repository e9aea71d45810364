import { countTokens as anthropicCount } from "@/server/providers/anthropic/count-tokens";
import { encode } from "@/server/providers/anthropic/encode";
import { messages as anthropicMessages } from "@/server/providers/anthropic/native";
import type { Encoded, Native, Target } from "@/server/providers/provider";
import { endpoint, isClaude, publishedModel } from "@/server/providers/vertex/endpoint";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord } from "@/server/wire/json";

/** Vertex AI takes Anthropic's version in the body, and the model in the path. Source: Vertex AI, "Use Claude models". */
const VERSION = "vertex-2023-10-16";

/** A canonical request for a Claude model on Vertex AI. */
export function encodeClaude(request: ChatRequest, target: Target): Encoded {
  const made = encode(request, claudeTarget(target));
  const body = { ...bodyOf(made), anthropic_version: VERSION, model: undefined };
  return rewritten(made, { url: claudeUrl(target, request.stream === true), body });
}

/** Counts a request's prompt tokens; the method is one of a model of its own, so the true one stands in the body. */
export function countClaudeTokens(request: ChatRequest, target: Target): Encoded {
  const made = anthropicCount.encode(request, claudeTarget(target));
  const url = endpoint(target, { publisher: "anthropic", name: "count-tokens" }, "rawPredict");
  const body = { ...bodyOf(made), anthropic_version: VERSION, model: publishedModel(target).name };
  return rewritten(made, { url, body });
}

/** The Messages API for callers who speak it themselves. */
export const claudeMessages: Native = {
  serves: isClaude,
  url: (target, { stream }) => claudeUrl(target, stream),
  change: (body, target, caller) => {
    const changed = anthropicMessages.change?.(body, target, caller);
    const fields = { ...changed?.fields, model: null, anthropic_version: JSON.stringify(VERSION) };
    return { fields, ...(changed?.dropped && { dropped: changed.dropped }) };
  },
  headers: (target, caller) => withoutVersion(anthropicMessages.headers?.(target, caller) ?? target.headers),
};

function claudeUrl(target: Target, stream: boolean): string {
  return endpoint(target, publishedModel(target), stream ? "streamRawPredict" : "rawPredict");
}

/** What is known of a model is known by Anthropic's own name, which has a dash before the date. */
function claudeTarget(target: Target): Target {
  return { ...target, model: publishedModel(target).name.replace("@", "-") };
}

function bodyOf({ request }: Encoded): Record<string, unknown> {
  const body: unknown = JSON.parse(String(request.body));
  return isRecord(body) ? body : {};
}

function rewritten(made: Encoded, { url, body }: { url: string; body: object }): Encoded {
  const { request, dropped } = made;
  const headers = withoutVersion(request.headers);
  return { request: { ...request, url, headers, body: JSON.stringify(body) }, dropped };
}

function withoutVersion(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "anthropic-version"));
}
