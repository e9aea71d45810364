import { describe, expect, test } from "vitest";
import { chat } from "@/server/dialects/chat";
import { SplicedAnswer, type SpliceMode } from "@/server/gateway/splice-answer";
import { anthropic } from "@/server/providers/anthropic";
import { bedrock } from "@/server/providers/bedrock";
import { vertex } from "@/server/providers/vertex";
import type { ChatChunk } from "@/server/wire/chat";
import { eventsOf } from "@/tests/support/events";

const head = { id: "first", created: 1, model: "first-model" };

function chunk(content: string, finish: "stop" | null = null): ChatChunk {
  return {
    id: "second",
    object: "chat.completion.chunk",
    created: 2,
    model: "second-model",
    choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  };
}

type Delta = ChatChunk["choices"][number]["delta"];

function piece(delta: Delta): ChatChunk {
  return { ...chunk(""), choices: [{ index: 0, delta, finish_reason: null }] };
}

function spliceAfter(text: string, mode: SpliceMode, thought = false): SplicedAnswer {
  const located = { params: {}, query: new URLSearchParams() };
  const encoder = chat.encodeStream({}, { id: "", created: 0, model: "" }, located);
  return new SplicedAnswer({ text, thought, head, encoder }, mode);
}

/** What a caller who has `text` gets of an answer in these pieces. */
function rest(text: string, mode: SpliceMode, pieces: readonly string[]): string {
  const splice = spliceAfter(text, mode);
  const written = pieces.map((piece) => splice.chunk(chunk(piece))).join("") + splice.chunk(chunk("", "stop"));
  const chunks = eventsOf(written).map((event) => JSON.parse(event));
  for (const one of chunks) expect(one).toMatchObject(head);
  expect(chunks.at(-1).choices[0].finish_reason).toBe("stop");
  return chunks.map(({ choices }) => choices[0].delta.content ?? "").join("");
}

describe("the answer of another target after the beginning that a caller has", () => {
  const cases: [string, string, SpliceMode, string[], string][] = [
    ["anew, in the same pieces", "one two", "anew", ["one", " two", " three"], " three"],
    ["anew, in one piece", "one two", "anew", ["one two three"], " three"],
    ["anew, letter by letter", "one two", "anew", [..."one two three"], " three"],
    ["continued", "one two", "continued", [" three", " four"], " three four"],
    ["continued after a space that it was not given", "one two ", "continued", [" three"], "three"],
    ["continued without repeating the space", "one two ", "continued", ["three"], "three"],
    ["continued, with the beginning repeated", "one two", "continued", ["one", " two", " three"], " three"],
    ["continued, with what only looks like a repetition", "one two", "continued", ["one", " more"], "one more"],
    ["continued by what ends while it looks like one", "one two", "continued", ["one"], "one"],
  ];

  test.each(cases)("%s", (...[_how, text, mode, pieces, expected]) => {
    expect(rest(text, mode, pieces)).toBe(expected);
  });

  test.each([
    ["differs", ["one", " too"]],
    ["ends before it has caught up", ["one"]],
  ])("anew, which %s: refused, and no failure of the upstream's", (_how, pieces) => {
    const splice = spliceAfter("one two", "anew");
    expect(() => {
      for (const piece of pieces) splice.chunk(chunk(piece));
      splice.chunk(chunk("", "stop"));
    }).toThrow("no other could go on");
    expect(splice.diverged).toBe(true);
  });

  test("its thoughts are left out, but for a caller who has nothing yet", () => {
    const thought = piece({ reasoning_content: "Hm." });
    expect(spliceAfter("one", "anew").chunk(thought)).toBe("");
    expect(spliceAfter("", "anew").chunk(thought)).toContain("Hm.");
    expect(spliceAfter("", "anew", true).chunk(thought)).toBe("");
  });

  test("a thought that it passes on is the only one", () => {
    const splice = spliceAfter("", "anew");
    expect(splice.progress(undefined).thought).toBe(false);
    splice.chunk(piece({ reasoning_content: "Hm." }));
    expect(splice.progress(undefined).thought).toBe(true);
  });

  test.each<[string, Delta]>([
    ["a call of a tool", { tool_calls: [{ index: 0, id: "t", function: { name: "f", arguments: "{}" } }] }],
    ["a refusal", { refusal: "No." }],
  ])("anew, which goes on with %s before it has caught up: refused, and nothing of it is passed on", (_what, delta) => {
    const splice = spliceAfter("one two", "anew");
    splice.chunk(chunk("one"));
    expect(() => splice.chunk(piece(delta))).toThrow("no other could go on");
    expect(splice.diverged).toBe(true);
  });

  test("its citations are left out where their places are those of a continuation alone", () => {
    const url_citation = { url: "https://a.test", title: "A", start_index: 0, end_index: 3 };
    const cited = piece({ annotations: [{ type: "url_citation", url_citation }] });
    expect(spliceAfter("one", "anew").chunk(cited)).toContain("https://a.test");
    expect(spliceAfter("one", "continued").chunk(cited)).toBe("");
  });

  test("continued by what looks like a repetition before a call of a tool: it comes before the call", () => {
    const splice = spliceAfter("one two", "continued");
    expect(splice.chunk(chunk("one"))).toBe("");
    const call = { index: 0, id: "t", function: { name: "f", arguments: "{}" } };
    const [event] = eventsOf(splice.chunk(piece({ tool_calls: [call] })));
    expect(JSON.parse(event ?? "").choices[0].delta).toEqual({ content: "one", tool_calls: [call] });
  });
});

const types = { anthropic, bedrock, vertex };

test.each<[keyof typeof types, string, boolean]>([
  ["anthropic", "claude-3-5-haiku-20241022", true],
  ["anthropic", "claude-sonnet-4-20250514", true],
  ["anthropic", "claude-opus-4-5", true],
  ["anthropic", "claude-opus-4-6", false],
  ["anthropic", "claude-sonnet-5", false],
  ["anthropic", "claude-of-the-future", false],
  ["anthropic", "another-model", false],
  ["bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0", true],
  ["bedrock", "anthropic.claude-opus-4-6-v1:0", false],
  ["bedrock", "amazon.nova-pro-v1:0", false],
  ["vertex", "claude-3-5-haiku@20241022", true],
  ["vertex", "claude-opus-4-6", false],
  ["vertex", "gemini-2.5-pro", false],
])("at %s %s goes on from an assistant's turn: %s", (type, model, expected) => {
  const { chat } = types[type];
  const target = { baseUrl: "https://vendor.test", model, headers: {}, options: { project: "p", location: "global" } };
  expect(chat?.continues?.(target)).toBe(expected);
  if (!expected || chat?.kind !== "translated") return;
  const messages = [
    { role: "user", content: "Count." },
    { role: "assistant", content: "one two" },
  ];
  const { request } = chat.encode({ model, messages, max_tokens: 9, stream: true }, target);
  expect(JSON.parse(String(request.body)).messages.at(-1)).toMatchObject({ role: "assistant" });
});
