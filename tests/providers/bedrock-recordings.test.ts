import { describe, expect, test } from "vitest";
import { noUsage, type Usage } from "@/server/wire/usage";
import { assemble } from "@/tests/providers/assemble";
import { chat, context, eventsOf, framed, piecesOf } from "@/tests/providers/bedrock";
import { recordedBody, recordedLines, recordings } from "@/tests/providers/recordings";

type Expected = {
  content: string;
  calls: [id: string, name: string, input: object][];
  finish: string;
  usage: Partial<Usage> | undefined;
};

const STRAWBERRY =
  'Let me count the "r"s in "strawberry":\n\ns-t-**r**-a-w-b-e-**r**-**r**-y\n\nThere are **3** "r"s in "strawberry."';

/** What each recording holds, read from it by a person. */
const expected: Record<string, Expected> = {
  "json-only-text-first.1.chunks.txt": {
    content: "Here is your data:",
    calls: [["json-tool-1", "json", { name: "John" }]],
    finish: "tool_calls",
    usage: { input: 100, output: 20 },
  },
  "json-tool-text-then-weather-then-json.1.chunks.txt": {
    content: "2 + 2 equals 4. Now let me check the weather for you.",
    calls: [
      ["weather-tool-1", "weather", { location: "San Francisco" }],
      ["weather-tool-2", "weather", { location: "London" }],
    ],
    finish: "tool_calls",
    usage: { input: 500, output: 100 },
  },
  "json-tool-with-answer.1.json": {
    content: "2 + 2 equals 4.",
    calls: [["json-tool-id-123", "json", { firstName: "John", lastName: "Doe" }]],
    finish: "tool_calls",
    usage: { input: 156, output: 35 },
  },
  "json-with-tool.1.chunks.txt": {
    content: "Calling a tool first.Now JSON.",
    calls: [
      ["tool-1", "get-weather", { location: "SF" }],
      ["json-tool-id", "json", { result: "data" }],
    ],
    finish: "tool_calls",
    // Recorded without the event that tells it.
    usage: undefined,
  },
  "json-with-tool.1.json": {
    content: "Let me call a tool first.Now the JSON.",
    calls: [
      ["tool-1", "get-weather", { location: "SF" }],
      ["json-tool-id", "json", { result: "data" }],
    ],
    finish: "tool_calls",
    usage: { input: 22, output: 48 },
  },
  // Two runs: the streamed one says it in other words.
  "text.chunks.txt": {
    content: STRAWBERRY.replace(`"r"s in "strawberry."`, `r's in "strawberry."`),
    calls: [],
    finish: "stop",
    usage: { input: 22, output: 55 },
  },
  "text.json": { content: STRAWBERRY, calls: [], finish: "stop", usage: { input: 22, output: 57 } },
  "tool-call.1.chunks.txt": {
    content: "",
    calls: [["tool-use-id", "test-tool", { value: "Sparkle Day" }]],
    finish: "tool_calls",
    usage: { input: 125, output: 45 },
  },
  "tool-call.1.json": {
    content: "",
    calls: [["tool-use-id", "bash", { command: "ls -l" }]],
    finish: "tool_calls",
    usage: { input: 10, output: 20 },
  },
  "tool-no-args.chunks.txt": {
    content: "I'll update the issue list for you.",
    calls: [["tool-use-id", "updateIssueList", {}]],
    finish: "tool_calls",
    usage: { input: 100, output: 25 },
  },
  "tool-no-args.json": {
    content: "I'll update the issue list for you.",
    calls: [["tool-use-id", "updateIssueList", {}]],
    finish: "tool_calls",
    usage: { input: 100, output: 25 },
  },
};

const all = recordings("amazon-bedrock", /\.(json|chunks\.txt)$/);
const cases = Object.entries(expected).map(([name, holds]) => ({
  name: `amazon-bedrock/amazon-bedrock-${name}`,
  holds,
}));

test("no recording is left out", () => {
  expect(cases.map(({ name }) => name).toSorted()).toEqual(all.toSorted());
});

describe("recorded answers", () => {
  test.each(cases.filter(({ name }) => name.endsWith(".json")))("$name", ({ name, holds }) => {
    const { completion, usage } = chat.decode(recordedBody(name), context);
    const choice = completion.choices[0];
    const calls = choice?.message.tool_calls ?? [];
    expect(choice?.message.content ?? "").toBe(holds.content);
    expect(
      calls.map(
        (call) => call.type === "function" && [call.id, call.function.name, JSON.parse(call.function.arguments)],
      ),
    ).toEqual(holds.calls);
    expect(choice?.finish_reason).toBe(holds.finish);
    expect(usage).toEqual({ ...noUsage, ...holds.usage });
  });
});

describe("recorded streams", () => {
  const streams = cases.filter(({ name }) => name.endsWith(".chunks.txt"));

  test.each(streams)("$name", ({ name, holds }) => {
    const made = assemble(piecesOf(eventsOf(recordedLines(name).map(framed))));
    expect(made).toMatchObject({ role: "assistant", ended: true, error: undefined, content: holds.content });
    expect(made.toolCalls.map(({ id, function: f }) => [id, f.name, JSON.parse(f.arguments)])).toEqual(holds.calls);
    expect(made.finishReasons).toEqual([holds.finish]);
    expect(made.usage).toEqual(holds.usage && { ...noUsage, ...holds.usage });
  });

  test.each(streams)("$name is read the same however it is cut", ({ name }) => {
    const stream = Buffer.concat(recordedLines(name).map(framed));
    const whole = JSON.stringify(eventsOf([stream]));
    const broken: number[] = [];
    for (let at = 1; at < stream.length; at++) {
      if (JSON.stringify(eventsOf([stream.subarray(0, at), stream.subarray(at)])) !== whole) broken.push(at);
    }
    expect(broken).toEqual([]);
    expect(JSON.stringify(eventsOf(Array.from(stream, (byte) => Uint8Array.of(byte))))).toBe(whole);
  });
});
