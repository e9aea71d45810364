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

/**
 * A block of Anthropic's Messages API as it is. An assistant's message has `content_blocks`, the whole of its content in
 * order, where the other fields cannot say it: searches and other tools that ran at the vendor, citations, thinking in
 * between. They go back unchanged in the next turn; in a stream the lists of the deltas follow one another.
 */
export type ContentBlock = { type: string; [field: string]: unknown };

/** What a vendor wants back with a tool call in the next turn, opaque to everybody else. */
export type ExtraContent = Record<string, unknown>;

export type ChatToolCall =
  | {
      id: string;
      type: "function";
      function: { name: string; arguments: string };
      extra_content?: ExtraContent;
    }
  | { id: string; type: "custom"; custom: { name: string; input: string }; extra_content?: ExtraContent };

export type ChatFinishReason = "stop" | "length" | "tool_calls" | "content_filter";

export type ChatAnnotation = {
  type: "url_citation";
  url_citation: { url: string; title: string; start_index: number; end_index: number };
};

/** A picture that the model made, as a data URL. */
export type ChatImage = { type: "image_url"; image_url: { url: string } };

/** Speech that the model made: base64. Source: OpenAI API reference, "Chat completion", `message.audio`. */
export type ChatAudio = { id: string; data: string; transcript: string; expires_at: number };

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
      images?: ChatImage[];
      audio?: ChatAudio;
      content_blocks?: ContentBlock[];
    };
    /** As OpenAI's `{content, refusal}`, where the upstream gives any. */
    logprobs: Record<string, unknown> | null;
    finish_reason: ChatFinishReason;
    /** The stop sequence that ended the answer, where the upstream names it. */
    stop_sequence?: string;
    /** The upstream's own word for the end, where it says more than `finish_reason`. */
    native_finish_reason?: string;
  }[];
  service_tier?: string;
  system_fingerprint?: string;
  usage?: Record<string, unknown>;
};

export type ChatToolCallDelta = {
  index: number;
  id?: string;
  type?: "function" | "custom";
  function?: { name?: string; arguments?: string };
  custom?: { name?: string; input?: string };
  extra_content?: ExtraContent;
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
      images?: ChatImage[];
      audio?: ChatAudio;
      content_blocks?: ContentBlock[];
    };
    logprobs?: Record<string, unknown> | null;
    finish_reason: ChatFinishReason | null;
    stop_sequence?: string;
    native_finish_reason?: string;
  }[];
  service_tier?: string;
  system_fingerprint?: string;
  usage?: Record<string, unknown> | null;
};
