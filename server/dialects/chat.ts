import type { Seen, StreamEncoder, TextDialect } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { type ChatChunk, ChatRequest } from "@/server/wire/chat";
import { openaiError, statusInError } from "@/server/wire/error";
import { countOf, isRecord, listOf } from "@/server/wire/json";
import { type ServerSentEvent, SSE_DONE, sseData } from "@/server/wire/sse";
import { chatUsage, usageFromChat, usageFromChunk } from "@/server/wire/usage";

/** OpenAI's chat completions: the canonical form itself. Source: OpenAI API reference, "Create chat completion". */
export const chat: TextDialect = {
  id: "chat",
  schema: ChatRequest,
  read: (body) => ({ model: String(body.model), stream: body.stream === true }),
  toCanonical: (body) => ({ request: ChatRequest.parse(body), dropped: [] }),
  askedOutput: (body) => {
    // Which of the two names a provider reads is its own affair: the larger bounds both.
    const asked = Math.max(countOf(body.max_completion_tokens) ?? 0, countOf(body.max_tokens) ?? 0);
    return asked > 0 ? asked : undefined;
  },
  limitOutput: (_body, tokens) => ({ max_completion_tokens: tokens }),
  encodeAnswer: (completion, { usage }) => (usage ? { ...completion, usage: chatUsage(usage) } : { ...completion }),
  encodeStream: (body) => encoder(isRecord(body.stream_options) && body.stream_options.include_usage === true),
  readWhole,
  readStream: eventReader,
  errorBody: openaiError,
};

function encoder(showUsage: boolean): StreamEncoder {
  let last: ChatChunk | undefined;
  return {
    chunk: (chunk) => {
      last = chunk;
      return sseData(showUsage ? { ...chunk, usage: null } : chunk);
    },
    finish: (usage) =>
      showUsage && usage && last ? sseData({ ...last, choices: [], usage: chatUsage(usage) }) + SSE_DONE : SSE_DONE,
    fail: (error) => sseData(openaiError(error)),
  };
}

function readWhole(body: unknown): Seen {
  if (!isRecord(body)) throw new GatewayError("upstream_garbled", "The provider's answer is not JSON.");
  if (!Array.isArray(body.choices)) {
    // Some vendors send an error with status 200.
    if (isRecord(body.error)) return { error: body, errorStatus: statusInError(body.error) };
    throw new GatewayError("upstream_garbled", "The provider's answer is not a chat completion.");
  }
  const choice: unknown = body.choices[0];
  return {
    usage: usageFromChat(body.usage),
    finishReason: isRecord(choice) && typeof choice.finish_reason === "string" ? choice.finish_reason : undefined,
  };
}

function eventReader(): (event: ServerSentEvent) => Seen {
  const choices = new Map<number, boolean>();
  return ({ data }) => {
    if (data === "[DONE]") return { started: true, end: true };
    const chunk: unknown = JSON.parse(data);
    if (!isRecord(chunk)) return {};
    if (isRecord(chunk.error)) return { error: chunk, errorStatus: statusInError(chunk.error) };
    let finishReason: string | undefined;
    let token = false;
    for (const choice of listOf(chunk.choices)) {
      if (!isRecord(choice)) continue;
      const index = Number(choice.index ?? 0);
      if (typeof choice.finish_reason === "string") finishReason = choice.finish_reason;
      choices.set(index, choices.get(index) || typeof choice.finish_reason === "string");
      token ||= isRecord(choice.delta) && carriesToken(choice.delta);
    }
    // With every choice finished nothing of the answer is missing but the closing line itself.
    const end = choices.size > 0 && [...choices.values()].every(Boolean);
    return { started: true, token, finishReason, end, usage: usageFromChunk(chunk) };
  };
}

/** The opening event names only the role; a token is anything that carries text or a tool call. */
export function carriesToken({ role: _role, ...rest }: Record<string, unknown>): boolean {
  return Object.values(rest).some(
    (value) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
}
