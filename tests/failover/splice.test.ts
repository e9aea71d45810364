import { describe, expect, test } from "vitest";
import { chat } from "@/server/dialects/chat";
import { SplicedAnswer, type SpliceMode } from "@/server/gateway/splice-answer";
import { anthropic } from "@/server/providers/anthropic";
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

function spliceAfter(text: string, mode: SpliceMode): SplicedAnswer {
  const located = { params: {}, query: new URLSearchParams() };
  const encoder = chat.encodeStream({}, { id: "", created: 0, model: "" }, located);
  return new SplicedAnswer({ text, head, encoder }, mode);
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
    const thought: ChatChunk = {
      ...chunk(""),
      choices: [{ index: 0, delta: { reasoning_content: "Hm." }, finish_reason: null }],
    };
    expect(spliceAfter("one", "anew").chunk(thought)).toBe("");
    expect(spliceAfter("", "anew").chunk(thought)).toContain("Hm.");
  });
});

test.each([
  ["claude-3-5-haiku-20241022", true],
  ["claude-sonnet-4-20250514", true],
  ["claude-opus-4-5", true],
  ["claude-opus-4-6", false],
  ["claude-sonnet-5", false],
  ["claude-of-the-future", false],
  ["another-model", false],
])("%s goes on from an assistant's turn: %s", (model, expected) => {
  const target = { baseUrl: "https://vendor.test", model, headers: {}, options: {} };
  expect(anthropic.chat?.continues?.(target)).toBe(expected);
});
