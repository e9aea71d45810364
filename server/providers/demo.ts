import { classifyOpenAi, openAiChat, openAiModels } from "@/server/providers/openai-like";
import type { DecodeContext, LocalAnswer, ProviderType, UpstreamRequest } from "@/server/providers/provider";
import { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import { SSE_DONE, sseData } from "@/server/wire/sse";

const ANSWER =
  "Hello from Conduit's built-in demo, which answers inside the gateway process and needs no vendor account. " +
  "Your call went the way of every other: the key was checked, the answer was streamed, and its tokens were counted. " +
  "Add a provider in the dashboard to talk to a real model.";

const EVERY_MS = 12;

/**
 * The demo's tokenizer: a run of letters and digits, or one other character, each with the white space before it; white
 * space at the end is a token of its own. The tokens of a text, put together, are the text.
 */
const TOKEN = /\s*[\p{L}\p{N}]+|\s*[^\s\p{L}\p{N}]|\s+/gu;

/** Answers chat in this process with a fixed text, so that a first call needs no vendor account. */
export const demo: ProviderType = {
  id: "demo",
  label: "Demonstration (built in, not a real model)",
  about: "Answers with a fixed text from inside this process, for trying out the gateway without a vendor account.",
  baseUrl: "demo://in-process",
  auth: { scheme: "none" },
  keyOptional: true,
  chat: openAiChat,
  listModels: openAiModels,
  classify: classifyOpenAi,
  local: answer,
};

type Answer = {
  context: DecodeContext;
  model: string;
  tokens: readonly string[];
  finish: "stop" | "length";
  usage: object;
};

function answer(request: UpstreamRequest, context: DecodeContext): LocalAnswer {
  if (request.method === "GET")
    return whole({ object: "list", data: [{ id: "demo", object: "model", created: 0, owned_by: "conduit" }] });
  const parsed = ChatRequest.safeParse(parse(request.body));
  if (!parsed.success) {
    return whole(
      {
        error: { message: "The demo takes chat completions.", type: "invalid_request_error", param: null, code: null },
      },
      400,
    );
  }
  const chat = parsed.data;
  const all = tokensOf(ANSWER);
  const tokens = all.slice(0, chat.max_completion_tokens ?? chat.max_tokens ?? all.length);
  const prompt = promptTokens(chat.messages);
  const usage = { prompt_tokens: prompt, completion_tokens: tokens.length, total_tokens: prompt + tokens.length };
  const made: Answer = {
    context,
    model: chat.model,
    tokens,
    finish: tokens.length < all.length ? "length" : "stop",
    usage,
  };
  return chat.stream ? streamed(made, chat.stream_options?.include_usage === true) : whole(completion(made));
}

function completion({ context, model, tokens, finish, usage }: Answer): object {
  const message = { role: "assistant", content: tokens.join(""), refusal: null };
  return {
    id: context.id,
    object: "chat.completion",
    created: context.created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
    usage,
  };
}

function streamed({ context, model, tokens, finish, usage }: Answer, withUsage: boolean): LocalAnswer {
  const event = (choices: readonly object[], extra?: object): string =>
    sseData({ id: context.id, object: "chat.completion.chunk", created: context.created, model, choices, ...extra });
  const chunk = (delta: object, reason: string | null = null): string =>
    event([{ index: 0, delta, logprobs: null, finish_reason: reason }], withUsage ? { usage: null } : undefined);
  const pieces = [
    chunk({ role: "assistant", content: "", refusal: null }),
    ...tokens.map((token) => chunk({ content: token })),
    chunk({}, finish) + (withUsage ? event([], { usage }) : "") + SSE_DONE,
  ];
  return { status: 200, contentType: "text/event-stream; charset=utf-8", pieces, everyMs: EVERY_MS };
}

function whole(body: object, status = 200): LocalAnswer {
  return { status, contentType: "application/json", pieces: [JSON.stringify(body)], everyMs: EVERY_MS };
}

function tokensOf(text: string): readonly string[] {
  return text.match(TOKEN) ?? [];
}

/** Counts the texts of all messages; other parts, such as images, count nothing. */
function promptTokens(messages: ChatRequest["messages"]): number {
  const texts = messages.flatMap(({ content }) => {
    if (typeof content === "string") return [content];
    return listOf(content).flatMap((part) => (isRecord(part) ? [textOf(part.text) ?? ""] : []));
  });
  return texts.reduce((sum, text) => sum + tokensOf(text).length, 0);
}

function parse(body: string | Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString() ?? "");
  } catch (cause) {
    // Not JSON is refused like any other request that is not chat.
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}
