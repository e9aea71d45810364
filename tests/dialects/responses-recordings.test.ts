import { describe, expect, test } from "vitest";
import { responses } from "@/server/dialects/responses";
import { anthropic } from "@/server/providers/anthropic";
import { cohere } from "@/server/providers/cohere";
import { gemini } from "@/server/providers/gemini";
import { openAiDecoding } from "@/server/providers/openai-chat-decode";
import { classifyOpenAi } from "@/server/providers/openai-like";
import type { ProviderType, StreamPiece, TranslatedChat } from "@/server/providers/provider";
import { outputTokens } from "@/server/wire/usage";
import { context, type Event, eventFaults, located, written } from "@/tests/dialects/responses";
import { assemble } from "@/tests/providers/assemble";
import { eventsOf, recordedLines, recordings } from "@/tests/providers/recordings";
import { validateAgainst } from "@/tests/support/openai-schema";

type Decoding = Pick<TranslatedChat, "decodeStream">;

function translated({ chat }: ProviderType): Decoding {
  if (chat?.kind !== "translated") throw new Error("This vendor's chat is native.");
  return chat;
}

const chatLike = openAiDecoding(classifyOpenAi);
const chats = /\.chunks\.txt$/;
/** [folder, which recordings of it, how they are decoded, whether an event is named by its payload] */
const vendors: [string, RegExp, Decoding, boolean][] = [
  ["anthropic", chats, translated(anthropic), true],
  ["google", chats, translated(gemini), false],
  ["cohere", chats, translated(cohere), true],
  ...["openai/chat", "deepseek/chat", "groq", "mistral", "openai-compatible/chat"].map(
    (folder): [string, RegExp, Decoding, boolean] => [folder, chats, chatLike, false],
  ),
];

/** Streams end here: a recording may hold those of several turns, and only the first is looked at. */
const LAST = /"type":\s*"(message_stop|message-end)"/;

const cases = vendors.flatMap(([folder, pattern, decoding, isNamed]) =>
  recordings(folder, pattern).map((name) => ({ name, decoding, isNamed })),
);

function decoded({ name, decoding, isNamed }: (typeof cases)[number]): StreamPiece[] {
  const lines = recordedLines(name);
  const end = lines.findIndex((line) => LAST.test(line));
  const turn = end === -1 ? lines : lines.slice(0, end + 1);
  const framed = turn.map((line) =>
    isNamed ? `event: ${JSON.parse(line).type}\ndata: ${line}\n\n` : `data: ${line}\n\n`,
  );
  const closing = isNamed ? "" : "data: [DONE]\n\n";
  const decode = decoding.decodeStream({ id: "chatcmpl-1", created: 1 });
  const pieces: StreamPiece[] = [];
  for (const event of eventsOf([Buffer.from(framed.join("") + closing)])) {
    pieces.push(...decode(event));
    if (pieces.some(({ kind }) => kind === "end")) break;
  }
  return pieces;
}

type Item = { type: string; summary?: { text: string }[]; content?: { text?: string; refusal?: string }[] } & Called;
type Called = { call_id?: string; name?: string; arguments?: string };

function encoded(pieces: readonly StreamPiece[]): { events: Event[]; output: Item[] } {
  const encoder = responses.encodeStream({ model: "m", input: "Hi" }, context, located);
  let text = "";
  for (const piece of pieces) if (piece.kind === "chunk") text += encoder.chunk(piece.chunk);
  const used = pieces.findLast((piece) => piece.kind === "usage");
  const events = written(text + encoder.finish(used?.kind === "usage" ? used.usage : undefined));
  return { events, output: JSON.parse(JSON.stringify(events.at(-1))).response.output };
}

describe.each(cases)("$name as a response", (one) => {
  const pieces = decoded(one);
  const answer = assemble(pieces);

  test("says the same, in events as OpenAI describes them", () => {
    const { events, output } = encoded(pieces);
    expect(eventFaults(events)).toEqual([]);
    const response = JSON.parse(JSON.stringify(events.at(-1))).response;
    expect(validateAgainst("Response", response)).toEqual([]);
    const parts = output.flatMap(({ content }) => content ?? []);
    expect(parts.map(({ text }) => text ?? "").join("")).toBe(answer.content);
    expect(parts.map(({ refusal }) => refusal ?? "").join("")).toBe(answer.refusal);
    expect(
      output
        .flatMap(({ summary }) => summary ?? [])
        .map(({ text }) => text)
        .join(""),
    ).toBe(answer.reasoning);
    expect(
      output.filter(({ type }) => type === "function_call").map(({ name, arguments: args }) => [name, args]),
    ).toEqual(
      answer.toolCalls.map((call) =>
        call.type === "function" ? [call.function.name, call.function.arguments || "{}"] : [],
      ),
    );
    const incomplete = answer.finishReasons.some((reason) => reason === "length" || reason === "content_filter");
    expect(response.status).toBe(incomplete ? "incomplete" : "completed");
    if (answer.usage) expect(response.usage.output_tokens).toBe(outputTokens(answer.usage));
    const deltas = events.filter(({ type }) => type === "response.output_text.delta").map(({ delta }) => delta);
    expect(deltas.join("")).toBe(answer.content);
  });

  test("comes back with what its vendor wants back", () => {
    const { output } = encoded(pieces);
    const { request, dropped } = responses.toCanonical(
      { model: "m", input: [{ role: "user", content: "Hi" }, ...output] },
      located,
    );
    expect(dropped).toEqual([]);
    const back = request.messages.slice(1);
    expect(back.flatMap(({ thinking_blocks }) => (Array.isArray(thinking_blocks) ? thinking_blocks : []))).toEqual(
      answer.thinkingBlocks,
    );
    expect(back.flatMap(({ content_blocks }) => (Array.isArray(content_blocks) ? content_blocks : []))).toEqual(
      answer.contentBlocks,
    );
    if (answer.contentBlocks.length > 0) expect(back).toHaveLength(1);
    const extras = new Map<string, unknown>();
    for (const piece of pieces) {
      if (piece.kind !== "chunk") continue;
      for (const { delta } of piece.chunk.choices)
        for (const { id, extra_content } of delta.tool_calls ?? [])
          if (id && extra_content) extras.set(id, extra_content);
    }
    const calls: { id: string; extra_content?: unknown }[] = back.flatMap(({ tool_calls }) =>
      Array.isArray(tool_calls) ? tool_calls : [],
    );
    expect(calls.map(({ id }) => id)).toHaveLength(answer.toolCalls.length);
    expect(new Map(calls.flatMap(({ id, extra_content }) => (extra_content ? [[id, extra_content]] : [])))).toEqual(
      extras,
    );
  });
});
