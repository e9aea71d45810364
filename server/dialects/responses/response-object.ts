import type { AnswerContext, JsonObject } from "@/server/dialects/dialect";
import type { GatewayError } from "@/server/errors";
import { isRecord, listOf } from "@/server/wire/json";
import { responsesUsage } from "@/server/wire/responses";
import { noUsage, type Usage } from "@/server/wire/usage";

/** How far a response has come. */
export type Progress = {
  readonly status: "in_progress" | "completed" | "incomplete" | "failed";
  readonly output: readonly JsonObject[];
  readonly usage?: Usage | undefined;
  readonly incomplete?: "max_output_tokens" | "content_filter" | undefined;
  readonly error?: GatewayError | undefined;
  readonly serviceTier?: string | undefined;
};

const TIERS = new Set(["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"]);

/** The id of the response that a call makes. */
function responseId({ id }: AnswerContext): string {
  return `resp_${id}`;
}

/**
 * The response object, which repeats the request's settings. A response that is over always has a usage, as clients demand one;
 * it is zero where the upstream told none. Source: OpenAI API reference, "The response object".
 */
export function responseObject(body: JsonObject, context: AnswerContext, progress: Progress): JsonObject {
  const { status, output, usage, incomplete, error } = progress;
  const tier = progress.serviceTier ?? "";
  return {
    id: responseId(context),
    object: "response",
    created_at: context.created,
    status,
    background: false,
    error: error ? { code: errorCode(error), message: error.message } : null,
    incomplete_details: incomplete ? { reason: incomplete } : null,
    ...settings(body),
    model: context.model,
    output,
    service_tier: TIERS.has(tier) ? tier : "default",
    ...(status !== "in_progress" && { usage: responsesUsage(usage ?? noUsage) }),
  };
}

function settings(body: JsonObject): JsonObject {
  const text = isRecord(body.text) ? body.text : {};
  const reasoning = isRecord(body.reasoning) ? body.reasoning : {};
  return {
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: reasoning.effort ?? null, summary: reasoning.summary ?? null },
    safety_identifier: body.safety_identifier ?? null,
    store: body.store !== false,
    temperature: body.temperature ?? 1,
    text: { format: text.format ?? { type: "text" }, verbosity: text.verbosity ?? "medium" },
    tool_choice: body.tool_choice ?? "auto",
    tools: listOf(body.tools).map(toolAsSaid),
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? 1,
    truncation: "disabled",
    ...(typeof body.user === "string" && { user: body.user }),
  };
}

/** A function's fields that a request may leave out and a response has. */
function toolAsSaid(tool: unknown): unknown {
  if (!isRecord(tool) || tool.type !== "function") return tool;
  return {
    ...tool,
    description: tool.description ?? null,
    parameters: tool.parameters ?? null,
    strict: tool.strict ?? false,
  };
}

/** The few codes that a failed response may have. Source: OpenAI API reference, ResponseErrorCode. */
function errorCode({ status }: GatewayError): "rate_limit_exceeded" | "invalid_prompt" | "server_error" {
  if (status === 429) return "rate_limit_exceeded";
  return status === 400 || status === 413 ? "invalid_prompt" : "server_error";
}
