import { z } from "zod";
import type { Asked, Canonical, JsonObject } from "@/server/dialects/dialect";
import { instructionParts } from "@/server/dialects/messages/content";
import { reasoningEffort } from "@/server/dialects/messages/thinking";
import { toolChoice, toTools } from "@/server/dialects/messages/tools";
import { toMessages } from "@/server/dialects/messages/turns";
import { checked } from "@/server/dialects/messages/wire";
import { GatewayError } from "@/server/errors";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, textOf } from "@/server/wire/json";

/** What the gateway reads of a request before it knows where it goes. */
export const MessagesRequest = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string().min(1) })).min(1),
  stream: z.boolean().nullish(),
});

/** Clients that meet this code send the whole conversation instead. Source: Anthropic API, "Message threads". */
export const THREAD_UNSUPPORTED = "thread_unsupported_request";

/**
 * Which model, and whether as a stream. Refuses threads: a conversation that the vendor holds belongs to its account, which
 * many callers share, and no other target could go on with it.
 */
export function read(body: JsonObject): Asked {
  if (body.thread !== undefined && body.thread !== null) {
    throw new GatewayError("invalid_request", "Message threads are not supported here. Send the whole conversation.", {
      param: "thread",
      code: THREAD_UNSUPPORTED,
    });
  }
  return { model: String(body.model), stream: body.stream === true };
}

const Settings = z.looseObject({
  max_tokens: z.int().min(1),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.number().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
  output_config: z.looseObject({}).nullish(),
});
type Settings = z.infer<typeof Settings>;

/** Fields that are translated; all others go to a target that speaks this API as they are. */
const TRANSLATED: ReadonlySet<string> = new Set([
  ...["model", "messages", "system", "stream", "max_tokens", "temperature", "top_p", "top_k", "stop_sequences"],
  ...["tools", "tool_choice", "metadata", "service_tier", "output_format", "output_config"],
]);

/** Some vendors refuse a longer `user`; Claude Code's holds several ids. */
const MAX_USER = 64;

/**
 * A Messages request in the canonical form. What that form cannot say stays in `messages_api` and `messages_block`, from which
 * a target of the same API restores it. Throws `invalid_request` with a `param` for what is malformed.
 * Source: Anthropic API reference, "Create a Message".
 */
export function toCanonical(body: JsonObject): Canonical {
  const { model, messages, stream } = checked(MessagesRequest, body, "");
  const settings = checked(Settings, body, "");
  const system = instructionParts(body.system, "system");
  const own = ownSettings(body, settings);
  const tools = toTools(body.tools);
  const request: ChatRequest = {
    model,
    messages: [...(system === undefined ? [] : [{ role: "system", content: system }]), ...toMessages(messages)],
    max_tokens: settings.max_tokens,
    ...(stream && { stream }),
    ...sampling(settings),
    ...(tools.length > 0 && { tools }),
    ...toolChoice(body.tool_choice),
    ...reasoningEffort(body.thinking, settings.output_config?.effort),
    ...responseFormat(own.output_config),
    ...user(settings.metadata?.user_id),
    ...serviceTier(body.service_tier),
    ...(Object.keys(own).length > 0 && { messages_api: own }),
  };
  return { request, dropped: [] };
}

/** The least budget of thinking that the API takes. */
const LEAST_BUDGET = 1024;

/** The fields that limit an answer to so many tokens; thinking is part of them, so its budget must be smaller. */
export function limitOutput({ thinking }: JsonObject, tokens: number): JsonObject {
  const limited = { max_tokens: tokens };
  if (!isRecord(thinking) || thinking.type !== "enabled" || !(Number(thinking.budget_tokens) >= tokens)) return limited;
  if (tokens <= LEAST_BUDGET) return { ...limited, thinking: { type: "disabled" } };
  return { ...limited, thinking: { ...thinking, budget_tokens: Math.max(LEAST_BUDGET, Math.floor(tokens / 2)) } };
}

function ownSettings(body: JsonObject, settings: Settings): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (!TRANSLATED.has(name) && value !== null && value !== undefined) own[name] = value;
  }
  const { metadata } = settings;
  if (metadata && (Object.keys(metadata).length > 1 || (metadata.user_id ?? "").length > MAX_USER))
    own.metadata = metadata;
  const format = isRecord(body.output_format) ? { format: body.output_format } : {};
  const output = { ...format, ...settings.output_config };
  if (Object.keys(output).length > 0) own.output_config = output;
  return own;
}

function sampling({ temperature, top_p, top_k, stop_sequences }: Settings): Partial<ChatRequest> {
  return {
    ...(typeof temperature === "number" && { temperature }),
    ...(typeof top_p === "number" && { top_p }),
    ...(typeof top_k === "number" && { top_k }),
    ...(stop_sequences && stop_sequences.length > 0 && { stop: stop_sequences }),
  };
}

const JsonSchema = z.looseObject({ schema: z.looseObject({}) });

function responseFormat(output: unknown): Partial<ChatRequest> {
  const format = isRecord(output) ? output.format : undefined;
  if (!isRecord(format) || format.type !== "json_schema") return {};
  const { schema } = checked(JsonSchema, format, "output_config.format");
  return { response_format: { type: "json_schema", json_schema: { name: "output", schema, strict: true } } };
}

function user(id: unknown): Partial<ChatRequest> {
  const text = textOf(id);
  return text === undefined || text.length > MAX_USER ? {} : { user: text };
}

function serviceTier(tier: unknown): Partial<ChatRequest> {
  if (tier === "standard_only") return { service_tier: "default" };
  return typeof tier === "string" ? { service_tier: tier } : {};
}
