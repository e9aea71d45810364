import { z } from "zod";

/**
 * OpenAI's chat completions, which is also the canonical form between dialects. It is extended by what OpenAI cannot say:
 * `cache_control` on a content part, a tool or a message; `thinking_blocks` beside `reasoning_content` on assistant
 * messages. Only what the gateway reads is validated; every other field passes through.
 * Source: OpenAI API reference, "Create chat completion".
 */
export const ChatRequest = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string().min(1) })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  user: z.string().nullish(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

/** A reasoning block of a vendor that signs its thinking; it must go back unchanged in the next turn. */
export type ThinkingBlock =
  | { type: "thinking"; thinking: string; signature?: string }
  | { type: "redacted_thinking"; data: string };

export type ChatToolCall = { id: string; type: "function"; function: { name: string; arguments: string } };

export type ChatFinishReason = "stop" | "length" | "tool_calls" | "content_filter";

export type ChatAnnotation = {
  type: "url_citation";
  url_citation: { url: string; title: string; start_index: number; end_index: number };
};

/** A whole answer. Fields that an upstream adds are kept. */
export type ChatCompletion = {
  id: string;
  object: "chat.completion";
  created: number;
  model: string;
  choices: {
    index: number;
    message: {
      role: "assistant";
      content: string | null;
      refusal: string | null;
      reasoning_content?: string;
      thinking_blocks?: ThinkingBlock[];
      tool_calls?: ChatToolCall[];
      annotations?: ChatAnnotation[];
    };
    logprobs: null;
    finish_reason: ChatFinishReason;
  }[];
  usage?: Record<string, unknown>;
};

type ChatToolCallDelta = {
  index: number;
  id?: string;
  type?: "function";
  function?: { name?: string; arguments?: string };
};

/** One streamed piece of an answer. */
export type ChatChunk = {
  id: string;
  object: "chat.completion.chunk";
  created: number;
  model: string;
  choices: {
    index: number;
    delta: {
      role?: "assistant";
      content?: string | null;
      refusal?: string | null;
      reasoning_content?: string;
      thinking_blocks?: ThinkingBlock[];
      tool_calls?: ChatToolCallDelta[];
      annotations?: ChatAnnotation[];
    };
    logprobs?: null;
    finish_reason: ChatFinishReason | null;
  }[];
  usage?: Record<string, unknown> | null;
};
