import { describe, expect, test } from "vitest";
import { chat as chatDialect } from "@/server/dialects/chat";
import { completions as completionsDialect } from "@/server/dialects/completions";
import type { TextDialect } from "@/server/dialects/dialect";
import { generateContent } from "@/server/dialects/gemini";
import { messages as messagesDialect } from "@/server/dialects/messages";
import { responses as responsesDialect } from "@/server/dialects/responses";
import { anthropic } from "@/server/providers/anthropic";
import { bedrock } from "@/server/providers/bedrock";
import { cohere } from "@/server/providers/cohere";
import { gemini } from "@/server/providers/gemini";
import { openAiDecoding } from "@/server/providers/openai-chat-decode";
import { classifyOpenAi } from "@/server/providers/openai-like";
import type { ProviderType, TranslatedChat } from "@/server/providers/provider";
import { type Framing, frameParser } from "@/server/wire/framing";
import { inputTokens, outputTokens, type Usage } from "@/server/wire/usage";
import { callers } from "@/tests/matrix/callers";
import type { Caller } from "@/tests/matrix/callers/caller";
import { chat as chatCaller } from "@/tests/matrix/callers/chat";
import { completions as completionsCaller } from "@/tests/matrix/callers/completions";
import { gemini as geminiCaller } from "@/tests/matrix/callers/gemini";
import { messages as messagesCaller } from "@/tests/matrix/callers/messages";
import { responses as responsesCaller } from "@/tests/matrix/callers/responses";
import { at, list, parsed, text } from "@/tests/matrix/json";
import {
  framed,
  type Kind,
  type Recording,
  readRecordings,
  saidByCohere,
  saidByConverse,
  vendorTokens,
} from "@/tests/matrix/recorded";
import type { Said, Tokens } from "@/tests/matrix/said";

const { recordings, unknown } = readRecordings();
const dialects: Record<string, TextDialect> = {
  chat: chatDialect,
  responses: responsesDialect,
  messages: messagesDialect,
  completions: completionsDialect,
  gemini: generateContent,
};
const context = { id: "0123456789abcdef0123456789abcdef", created: 1_790_000_000 };

type Decoding = Pick<TranslatedChat, "decode" | "decodeStream"> & { framing: Framing };

function translation({ chat }: ProviderType): Decoding {
  if (chat?.kind !== "translated") throw new Error("This provider type is not translated.");
  return { ...chat, framing: chat.framing ?? "sse" };
}

/** Vendors' dialects that are translated for others. */
const decodings: Partial<Record<Kind, Decoding>> = {
  chat: { ...openAiDecoding(classifyOpenAi), framing: "sse" },
  messages: translation(anthropic),
  gemini: translation(gemini),
  converse: translation(bedrock),
  cohere: translation(cohere),
};

/** Dialects of callers in which a vendor's answers pass as they are. */
const natives: Partial<Record<Kind, Caller>> = {
  chat: chatCaller,
  completions: completionsCaller,
  messages: messagesCaller,
  gemini: geminiCaller,
  responses: responsesCaller,
};

/** An answer into which another one was spliced has no right reading: it ends with an error. */
const SPLICED = "anthropic/spliced-message-start.chunks.txt";

/** Its first and last events were recorded without their last bracket: so it has no end that could be read. */
const SPOILED = "openai/responses/parallel-tool-call-wrapper.1.chunks.txt";

/** Several turns that were put into one: its calls have been answered within it, which no other dialect can say. Its stream has each. */
const PUT_TOGETHER = "anthropic/anthropic-programmatic-tool-calling.1.json";

/** Read off by hand: arguments that come leaf by leaf. */
const leafByLeaf: Record<string, readonly unknown[]> = {
  "google/google-stream-no-args-tool-call.chunks.txt": [{}, { id: "A" }, { id: "B" }, { id: "C" }],
  "google/google-stream-tool-call-array-arguments-missing-terminal-function-call.chunks.txt": [
    {
      operations: [
        { action: "add", description: "Fresh red apple", itemid: "apple_001", price: 0.5 },
        { action: "add", description: "Ripe yellow banana", itemid: "banana_001", price: 0.3 },
      ],
    },
  ],
};
/** Its arguments are too many to write down here; tests/providers/gemini-recordings.test.ts looks into them. */
const NESTED = "google/google-vertex-stream-tool-call-arguments-nested.1.chunks.txt";

/** What a recording says, read without the code under test. */
function saidBy(recording: Recording): Said {
  if (recording.kind === "converse") return saidByConverse(recording);
  if (recording.kind === "cohere") return saidByCohere(recording);
  const caller = natives[recording.kind] ?? chatCaller;
  const isWhole = "body" in recording;
  const events = isWhole ? [recording.body] : recording.lines.map(parsed);
  // Recorded responses tell some deltas only in the whole response at the end.
  if (recording.kind === "responses") return caller.read(isWhole ? recording.body : at(events.at(-1), "response"));
  const said = isWhole ? caller.read(recording.body) : caller.readStream(streamOf(recording).replaceAll("\r", ""));
  if (recording.kind === "chat")
    return { ...said, tokens: vendorTokens(events.map((event) => at(event, "usage")).findLast((usage) => usage)) };
  const inputs = leafByLeaf[recording.name];
  if (!inputs && recording.name !== NESTED) return said;
  const names = events
    .flatMap((event) => list(event, "candidates", 0, "content", "parts"))
    .flatMap((part) => text(part, "functionCall", "name") || []);
  return {
    ...said,
    calls: names.map((name, index) => ({ id: "", name, input: inputs?.[index] })),
    finish: "tool_calls",
  };
}

function streamOf({ kind, ...recording }: Recording): string {
  return "lines" in recording ? Buffer.concat(framed(kind, recording.lines)).toString("utf8") : "";
}

/** The words in which a caller of this dialect can be told what was said. */
function inWordsOf(caller: Caller, said: Said): Said {
  if (caller.id !== "completions") return said;
  return { ...said, reasoning: "", calls: [], finish: said.finish === "tool_calls" ? "stop" : said.finish };
}

/** What was said, as far as two dialects can be compared: ids may be made up where the vendor has none. */
function comparable({ tokens, calls, ...said }: Said, like: Said): object {
  const { input = 0, cached = 0, output = 0, reasoning = 0 } = tokens ?? {};
  // A refusal without a reason is given one in words.
  const isUnexplained = like.finish === "content_filter" && like.text === "";
  return {
    ...said,
    text: isUnexplained ? "" : said.text,
    calls: calls.map(({ id, name, input: given }, index) => ({
      id: like.calls[index]?.id ? id : "",
      name,
      input: like.calls[index]?.input === undefined ? undefined : given,
    })),
    tokens: { input, cached, output, reasoning: like.tokens?.reasoning === undefined ? 0 : reasoning },
  };
}

function expectSame(caller: Caller, got: Said, wanted: Said): void {
  const words = inWordsOf(caller, wanted);
  const tellsReasoning = got.tokens?.reasoning !== undefined && words.tokens?.reasoning !== undefined;
  const reasoning = tellsReasoning ? words.tokens?.reasoning : undefined;
  const like = { ...words, tokens: words.tokens && { ...words.tokens, reasoning } };
  expect(comparable(got, like)).toEqual(comparable(like, like));
}

function dialectOf({ id }: Caller): TextDialect {
  const dialect = dialects[id];
  if (!dialect) throw new Error(`No dialect ${id}.`);
  return dialect;
}

/** What a caller asks so that all is shown: usage in streams, and thoughts. */
function bodyOf(caller: Caller, stream: boolean): Record<string, unknown> {
  return caller.body({ model: "m", prompt: "Hello?", feature: "reasoning", stream });
}

const located = { params: {}, query: new URLSearchParams() };

/** A stream as a caller gets it, when it arrives in these chunks. */
function translated(caller: Caller, decoding: Decoding, chunks: Iterable<Uint8Array>): string {
  const parser = frameParser(decoding.framing);
  const decode = decoding.decodeStream(context);
  const encoder = dialectOf(caller).encodeStream(bodyOf(caller, true), { ...context, model: "m" }, located);
  let out = "";
  let usage: Usage | undefined;
  let ended = false;
  for (const chunk of chunks) {
    for (const event of parser.push(chunk)) {
      for (const piece of decode(event)) {
        if (piece.kind === "chunk") out += encoder.chunk(piece.chunk);
        else if (piece.kind === "usage") usage = piece.usage;
        else if (piece.kind === "end") ended = true;
        else throw new Error(`The stream ends with an error: ${piece.error.message}`);
      }
    }
  }
  if (!ended) throw new Error("The stream has no end.");
  return out + encoder.finish(usage);
}

type Whole = Extract<Recording, { body: unknown }>;
type Stream = Extract<Recording, { lines: readonly string[] }>;
const isWhole = (recording: Recording): recording is Whole => "body" in recording;
const unreadable = [SPLICED, SPOILED];
const isStream = (recording: Recording): recording is Stream =>
  "lines" in recording && !unreadable.includes(recording.name);
const wholes = recordings.filter(isWhole).filter(({ name }) => name !== PUT_TOGETHER);
const streams = recordings.filter(isStream);

test("every recording is read, or is written down as something else", () => {
  expect(unknown).toEqual([]);
  expect(wholes.length).toBeGreaterThan(70);
  expect(streams.length).toBeGreaterThan(80);
});

/*
 * Responses and legacy completions are dialects of callers: where the vendor speaks them too its answers pass, and no provider
 * type translates from them.
 */
describe.each(callers)("a caller who speaks $id, of a recorded vendor of another dialect", (caller) => {
  const foreign = <One extends Recording>(all: readonly One[]) =>
    all.flatMap((recording) => {
      const decoding = decodings[recording.kind];
      return decoding && natives[recording.kind] !== caller ? [{ name: recording.name, recording, decoding }] : [];
    });

  test.each(foreign(wholes))("has all of $name", ({ recording, decoding }) => {
    const { completion, usage } = decoding.decode(recording.body, context);
    const about = { usage, body: bodyOf(caller, false), context: { ...context, model: "m" } };
    expectSame(caller, caller.read(dialectOf(caller).encodeAnswer(completion, about)), saidBy(recording));
  });

  test.each(foreign(streams))("has all of the stream $name, also byte by byte", ({ recording, decoding }) => {
    const bytes = Buffer.concat(framed(recording.kind, recording.lines));
    const whole = translated(caller, decoding, [bytes]);
    expectSame(caller, caller.readStream(whole), saidBy(recording));
    expect(translated(caller, decoding, bytesOf(bytes)) === whole).toBe(true);
  });
});

test.each(callers)("a caller who speaks $id gets no answer into which another one was spliced", (caller) => {
  const recording = recordings.find(({ name }) => name === SPLICED);
  if (!recording || !("lines" in recording)) throw new Error("The recording is missing.");
  expect(() => translated(caller, translation(anthropic), framed(recording.kind, recording.lines))).toThrow(
    "ends with an error",
  );
});

describe.each(callers)("a caller who speaks $id, of a recorded vendor who speaks it too", (caller) => {
  const own = <One extends Recording>(all: readonly One[]) =>
    all.filter((recording) => natives[recording.kind] === caller);
  const dialect = dialectOf(caller);

  test.each(own(wholes))("is billed what $name says", (recording) => {
    const seen = dialect.readWhole(recording.body);
    expect(seen.error).toBeUndefined();
    expectBilled(seen.usage, saidBy(recording).tokens);
  });

  test.each(own(streams))("is billed what the stream $name says, whose end is seen", (recording) => {
    const read = dialect.readStream();
    const parser = frameParser("sse");
    let usage: Usage | undefined;
    let ended = false;
    let finish: string | undefined;
    for (const byte of bytesOf(Buffer.concat(framed(recording.kind, recording.lines)))) {
      for (const event of parser.push(byte)) {
        const seen = read(event);
        usage = seen.usage ?? usage;
        finish = seen.finishReason ?? finish;
        ended ||= seen.end === true;
        expect(seen.error).toBeUndefined();
      }
    }
    expect(ended).toBe(true);
    expect(finish).toBeTruthy();
    expectBilled(usage, saidBy(recording).tokens);
  });
});

function expectBilled(usage: Usage | undefined, tokens: Tokens | undefined): void {
  if (!tokens) return;
  expect({
    input: usage && inputTokens(usage),
    cached: usage?.cachedInput,
    output: usage && outputTokens(usage),
  }).toEqual({ input: tokens.input, cached: tokens.cached ?? 0, output: tokens.output });
}

describe("a stream that is cut in two says the same, wherever the cut is", () => {
  const smallest = Object.keys(decodings).flatMap((kind) => {
    const [least] = streams
      .filter((recording) => recording.kind === kind)
      .toSorted((left, right) => streamOf(left).length - streamOf(right).length);
    return least ? [least] : [];
  });

  test.each(callers.flatMap((caller) => smallest.map((recording) => ({ caller, recording }))))(
    "for $caller.id: $recording.name, at every byte",
    ({ caller, recording }) => {
      const decoding = decodings[recording.kind];
      if (!decoding) throw new Error(`Nothing translates ${recording.kind}.`);
      const bytes = Buffer.concat(framed(recording.kind, recording.lines));
      const whole = translated(caller, decoding, [bytes]);
      const broken: number[] = [];
      for (let cut = 1; cut < bytes.length; cut++)
        if (translated(caller, decoding, [bytes.subarray(0, cut), bytes.subarray(cut)]) !== whole) broken.push(cut);
      expect(broken).toEqual([]);
    },
  );
});

function* bytesOf(stream: Buffer): Generator<Uint8Array> {
  for (let at = 0; at < stream.length; at++) yield stream.subarray(at, at + 1);
}
