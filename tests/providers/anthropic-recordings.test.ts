import { describe, expect, test } from "vitest";
import { noUsage, type Usage } from "@/server/wire/usage";
import { chat, context, streamed } from "@/tests/providers/anthropic";
import {
  brokenCuts,
  eventsOf,
  recordedBody,
  recordedLines,
  recordedText,
  recordings,
} from "@/tests/providers/recordings";

/** What was recorded, as far as these tests read it. */
type Block = Record<string, unknown> & { type: string };
type Event = {
  type: string;
  index?: number;
  message?: { id: string; model: string; content: Block[]; usage: Record<string, unknown>; stop_reason: string | null };
  content_block?: Block;
  delta?: Record<string, unknown>;
  usage?: Record<string, unknown>;
};

/** A recording may hold the streams of several turns, one after the other. */
function turnsOf(name: string): Event[][] {
  const turns: Event[][] = [[]];
  for (const line of recordedLines(name)) {
    const event: Event = JSON.parse(line);
    turns.at(-1)?.push(event);
    if (event.type === "message_stop") turns.push([]);
  }
  return turns.filter((turn) => turn.length > 0);
}

/** The events in the vendor's framing, as bytes. */
function framed(events: readonly Event[]): Buffer[] {
  return events.map((event) => Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
}

/** Puts a turn together by its events alone, without the code under test. */
function simplyReassembled(events: readonly Event[]) {
  const joined = (type: string, field: string): string =>
    events.flatMap(({ delta }) => (delta?.type === type ? [String(delta[field])] : [])).join("");
  const started = events.flatMap(({ message, index, content_block: block }) => [
    ...(message?.content ?? []).map((whole) => ({ index: undefined, block: whole })),
    ...(block ? [{ index, block }] : []),
  ]);
  const calls = started.filter(({ block }) => block.type === "tool_use");
  return {
    content: joined("text_delta", "text"),
    reasoning: joined("thinking_delta", "thinking"),
    signatures: joined("signature_delta", "signature"),
    citations: events.filter(({ delta }) => delta?.type === "citations_delta").length,
    calls: calls.map(({ index, block }) => {
      const deltas = events.filter((event) => event.type === "content_block_delta" && event.index === index);
      const args = deltas.map(({ delta }) => String(delta?.partial_json ?? "")).join("");
      return { id: block.id, name: block.name, input: args === "" ? block.input : JSON.parse(args) };
    }),
    stopReason: events.map(({ delta, message }) => delta?.stop_reason ?? message?.stop_reason).findLast((r) => r),
  };
}

const FINISH: Record<string, string> = { end_turn: "stop", tool_use: "tool_calls", refusal: "content_filter" };

/** Another answer begins in the middle of this one: it has a test of its own below. */
const SPLICED = "anthropic/spliced-message-start.chunks.txt";

const streams = recordings("anthropic", /\.chunks\.txt$/);
const bodies = recordings("anthropic", /\.json$/);
const turns = streams.flatMap((name) => turnsOf(name).map((events, turn) => ({ name, turn, events })));

describe("recorded streams", () => {
  test.each(turns.filter(({ name }) => name !== SPLICED))(
    "$name, turn $turn: all that its events hold, and no more",
    ({ events }) => {
      const made = streamed(eventsOf(framed(events)).map((event) => event.data));
      const simple = simplyReassembled(events);
      expect(made).toMatchObject({ role: "assistant", ended: true, error: undefined });
      expect(made.content).toBe(simple.content);
      expect(made.reasoning).toBe(simple.reasoning);
      expect(made.thinkingBlocks.map((block) => ("signature" in block ? block.signature : "")).join("")).toBe(
        simple.signatures,
      );
      expect(made.annotations).toHaveLength(simple.citations);
      const calls = made.toolCalls.map(({ id, function: f }) => ({ id, name: f.name, input: JSON.parse(f.arguments) }));
      expect(calls).toEqual(simple.calls);
      expect(made.finishReasons).toEqual([FINISH[String(simple.stopReason)]]);
      expect(made.id).toBe(events[0]?.message?.id);
    },
  );

  // A cut changes what the parser of events reads or nothing at all: the decoder behind it is given whole events.
  test.each(streams)("%s is read the same however it is cut", (name) => {
    expect(brokenCuts(framed(turnsOf(name).flat()))).toEqual([]);
  });

  test("an answer into which another one was spliced ends with an error, not with the two mixed", () => {
    const made = streamed(recordedLines(SPLICED));
    expect(made.error?.kind).toBe("upstream_garbled");
    expect(made).toMatchObject({ id: "msg_first", ended: false, finishReasons: [] });
    expect(made.thinkingBlocks).toEqual([
      { type: "thinking", thinking: "I will call the tool.", signature: "sig-first" },
    ]);
    expect(made.toolCalls.map((call) => call.id)).toEqual(["toolu_first"]);
  });
});

describe("recorded answers", () => {
  test.each(bodies)("%s: all that its blocks hold, and no more", (name) => {
    const body: { id: string; model: string; content: Block[]; stop_reason: string } = JSON.parse(recordedText(name));
    const { completion } = chat.decode(body, context);
    const choice = completion.choices[0];
    const of = (type: string) => body.content.filter((block) => block.type === type);
    expect(completion).toMatchObject({ id: body.id, model: body.model });
    expect(choice?.finish_reason).toBe(FINISH[body.stop_reason]);
    expect(choice?.message.content ?? "").toBe(
      of("text")
        .map((block) => block.text)
        .join(""),
    );
    expect(choice?.message.reasoning_content ?? "").toBe(
      of("thinking")
        .map((block) => block.thinking)
        .join(""),
    );
    expect(choice?.message.thinking_blocks ?? []).toEqual(of("thinking"));
    const calls = (choice?.message.tool_calls ?? []).filter((call) => call.type === "function");
    expect(calls.map(({ id, function: f }) => ({ id, name: f.name, input: JSON.parse(f.arguments) }))).toEqual(
      of("tool_use").map(({ id, name: called, input }) => ({ id, name: called, input })),
    );
    expect(choice?.message.annotations ?? []).toHaveLength(
      of("text").flatMap(({ citations }) => citations ?? []).length,
    );
  });
});

/** [recording, turn, what the vendor billed: input, output; other classes] */
const billed: [string, number, Partial<Usage>][] = [
  ["anthropic-advisor-20250301.1.chunks.txt", 0, { input: 4727, output: 3391 }],
  ["anthropic-advisor-stop-reasons.chunks.txt", 0, { input: 10, output: 20 }],
  ["anthropic-clear-thinking.1.chunks.txt", 0, { input: 69, output: 53 }],
  ["anthropic-clear-tool-uses.1.chunks.txt", 0, { input: 859, output: 122 }],
  ["anthropic-code-execution-20250825.1.chunks.txt", 0, { input: 8050, output: 771 }],
  ["anthropic-code-execution-20250825.2.chunks.txt", 0, { input: 15_696, output: 2479 }],
  ["anthropic-code-execution-20250825.pptx-skill.chunks.txt", 0, { input: 320_032, output: 5558 }],
  [
    "anthropic-code-execution-20260120-prompt-cache.1.chunks.txt",
    0,
    { input: 6, cachedInput: 6289, cacheWrite: 3337, output: 198 },
  ],
  ["anthropic-code-execution-file-upload.1.chunks.txt", 0, { input: 11_505, output: 1103 }],
  // The message's 612 and 2,819, and the compaction's 60,385 and 522.
  ["anthropic-compaction.1.chunks.txt", 0, { input: 60_997, output: 3341 }],
  ["anthropic-fallback.chunks.txt", 0, { input: 412, output: 264 }],
  ["anthropic-json-output-format.1.chunks.txt", 0, { input: 313, output: 305 }],
  ["anthropic-json-tool.1.chunks.txt", 0, { input: 849, output: 47 }],
  ["anthropic-json-tool.2.chunks.txt", 0, { input: 849, output: 47 }],
  ["anthropic-mcp.1.chunks.txt", 0, { input: 1250, output: 83 }],
  ["anthropic-message-delta-input-tokens.chunks.txt", 0, { input: 61, output: 2 }],
  ["anthropic-programmatic-tool-calling.1.chunks.txt", 0, { input: 3369, output: 725 }],
  // Calls out of running code: twelve turns in which the model itself says nothing.
  ...Array.from({ length: 13 }, (_none, turn): [string, number, Partial<Usage>] => [
    "anthropic-programmatic-tool-calling.1.chunks.txt",
    turn + 1,
    {},
  ]),
  ["anthropic-programmatic-tool-calling.1.chunks.txt", 14, { input: 4551, output: 197 }],
  ["anthropic-refusal.chunks.txt", 0, { input: 18, output: 5 }],
  ["anthropic-tool-no-args.chunks.txt", 0, { input: 565, output: 48 }],
  ["anthropic-tool-search-bm25.1.chunks.txt", 0, { input: 1630, output: 158 }],
  ["anthropic-tool-search-bm25.1.chunks.txt", 1, { input: 1040, output: 41 }],
  ["anthropic-tool-search-deferred-bm25.chunks.txt", 0, { input: 879, output: 177 }],
  ["anthropic-tool-search-deferred-bm25.chunks.txt", 1, { input: 1398, output: 213 }],
  ["anthropic-tool-search-deferred-bm25.chunks.txt", 2, { input: 1639, output: 95 }],
  ["anthropic-tool-search-deferred-regex.chunks.txt", 0, { input: 904, output: 175 }],
  ["anthropic-tool-search-deferred-regex.chunks.txt", 1, { input: 1519, output: 211 }],
  ["anthropic-tool-search-deferred-regex.chunks.txt", 2, { input: 1758, output: 118 }],
  ["anthropic-web-search-tool.1.chunks.txt", 0, { input: 15_665, output: 795, webSearches: 1 }],
  ["duplicate-message-start.chunks.txt", 0, { input: 17, output: 227 }],
  // Cut off at the splice: what was counted until then.
  ["spliced-message-start.chunks.txt", 0, { input: 17, output: 1 }],
  ["anthropic-advisor-stop-reasons.json", 0, { input: 10, output: 20 }],
  ["anthropic-claude-opus-5-reasoning-high.1.json", 0, { input: 51, output: 1560, reasoning: 139 }],
  ["anthropic-clear-thinking.1.json", 0, { input: 69, output: 33 }],
  ["anthropic-clear-tool-uses.1.json", 0, { input: 859, output: 132 }],
  ["anthropic-code-execution-20250825.1.json", 0, { input: 7881, output: 608 }],
  ["anthropic-code-execution-20250825.2.json", 0, { input: 12_546, output: 1359 }],
  ["anthropic-code-execution-20250825.pptx-skill.json", 0, { input: 950_648, output: 13_856 }],
  ["anthropic-code-execution-file-upload.1.json", 0, { input: 7451, output: 521 }],
  // The message's 682 and 1,320, and the compaction's 60,385 and 592.
  ["anthropic-compaction.1.json", 0, { input: 61_067, output: 1912 }],
  ["anthropic-fallback.json", 0, { input: 412, output: 264 }],
  ["anthropic-json-output-format.1.json", 0, { input: 371, output: 629 }],
  ["anthropic-json-tool.1.json", 0, { input: 1151, output: 87 }],
  ["anthropic-mcp.1.json", 0, { input: 1250, output: 88 }],
  ["anthropic-programmatic-tool-calling.1.json", 0, { input: 4243, output: 229 }],
  ["anthropic-refusal-no-details.json", 0, { input: 18, output: 5 }],
  ["anthropic-refusal.json", 0, { input: 18, output: 5 }],
  ["anthropic-tool-no-args.json", 0, { input: 602, output: 93 }],
  ["anthropic-tool-search-bm25.1.json", 0, { input: 1631, output: 161 }],
  ["anthropic-tool-search-deferred-bm25.2.json", 0, { input: 1398, output: 213 }],
  ["anthropic-tool-search-deferred-regex.2.json", 0, { input: 1520, output: 203 }],
  ["anthropic-web-search-tool.1.json", 0, { input: 27_118, output: 600, webSearches: 2 }],
];

describe("recorded usage", () => {
  test.each(billed)("%s, turn %d", (file, turn, classes) => {
    const name = `anthropic/${file}`;
    const usage = name.endsWith(".json")
      ? chat.decode(recordedBody(name), context).usage
      : streamed(turns.find((recorded) => recorded.name === name && recorded.turn === turn)?.events ?? []).usage;
    expect(usage).toEqual({ ...noUsage, ...classes });
  });

  test("no recording is left out", () => {
    const checked = billed.map(([file, turn]) => `anthropic/${file} ${turn}`);
    const all = [...turns.map(({ name, turn }) => `${name} ${turn}`), ...bodies.map((name) => `${name} 0`)];
    expect(checked.toSorted()).toEqual(all.toSorted());
  });
});

/**
 * Cases that were recorded whole and streamed, each in a run of its own: the words differ, what kinds of things there are
 * does not. Left out: the whole of programmatic tool calling is the last of the turns that its stream has in single ones.
 */
const pairs = bodies
  .map((name) => ({ name, stream: name.replace(/(\.\d)?\.json$/, "$1.chunks.txt") }))
  .filter(({ name, stream }) => streams.includes(stream) && !name.includes("programmatic-tool-calling"));

describe("whole and streamed answers to one request", () => {
  test.each(pairs)("$name has the structure of its stream", ({ name, stream }) => {
    const choice = chat.decode(recordedBody(name), context).completion.choices[0];
    const made = streamed(turnsOf(stream)[0] ?? []);
    expect({
      content: made.content !== "",
      refusal: made.refusal !== "",
      reasoning: made.reasoning !== "",
      thinking: made.thinkingBlocks.map((block) => block.type),
      calls: made.toolCalls.map((call) => call.function.name),
      annotations: made.annotations.length > 0,
      finish: made.finishReasons,
    }).toEqual({
      content: Boolean(choice?.message.content),
      refusal: Boolean(choice?.message.refusal),
      reasoning: choice?.message.reasoning_content !== undefined,
      thinking: (choice?.message.thinking_blocks ?? []).map((block) => block.type),
      calls: (choice?.message.tool_calls ?? []).flatMap((call) =>
        call.type === "function" ? [call.function.name] : [],
      ),
      annotations: choice?.message.annotations !== undefined,
      finish: [choice?.finish_reason],
    });
  });

  test("there are some", () => {
    expect(pairs.length).toBeGreaterThanOrEqual(14);
  });
});
