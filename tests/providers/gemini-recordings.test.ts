import { describe, expect, test } from "vitest";
import { gemini } from "@/server/providers/gemini";
import { noUsage, type Usage } from "@/server/wire/usage";
import { chat, context, decodedPieces, streamed } from "@/tests/providers/gemini";
import { brokenCuts, recordedBody, recordedLines, recordedText, recordings } from "@/tests/providers/recordings";

/** What was recorded, as far as these tests read it. */
type Call = {
  name?: string;
  args?: object;
  willContinue?: boolean;
  partialArgs?: { jsonPath: string; stringValue?: string; numberValue?: number }[];
};
type Part = { text?: string; thought?: boolean; thoughtSignature?: string; functionCall?: Call };
type Response = { candidates?: { content?: { parts?: Part[] }; finishReason?: string }[]; responseId?: string };

const ERROR = "google/google-429-retry-info.json";
const streams = recordings("google", /\.chunks\.txt$/);
const bodies = recordings("google", /\.json$/).filter((name) => name !== ERROR);

function eventsOf(name: string): Response[] {
  return recordedLines(name).map((line) => JSON.parse(line));
}

/** The texts and the names of the calls, without the code under test. */
function simplyRead(events: readonly Response[]) {
  const parts = events.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
  const text = (thought: boolean) =>
    parts
      .filter((part) => (part.thought === true) === thought)
      .map((part) => part.text ?? "")
      .join("");
  return {
    content: text(false),
    reasoning: text(true),
    calls: parts.flatMap(({ functionCall }) => functionCall?.name ?? []),
    signatures: parts.flatMap(({ thoughtSignature }) => thoughtSignature ?? []),
    id: events[0]?.responseId,
  };
}

describe("recorded streams", () => {
  test.each(streams)("%s: all that its events hold, and no more", (name) => {
    const simple = simplyRead(eventsOf(name));
    const made = streamed(eventsOf(name));
    expect(made).toMatchObject({ role: "assistant", ended: true, error: undefined, id: simple.id });
    expect(made.content).toBe(simple.content);
    expect(made.reasoning).toBe(simple.reasoning);
    expect(made.toolCalls.map((call) => call.type === "function" && call.function.name)).toEqual(simple.calls);
    expect(made.finishReasons).toEqual([simple.calls.length > 0 ? "tool_calls" : "stop"]);
    expect(new Set(made.toolCalls.map(({ id }) => id)).size).toBe(made.toolCalls.length);
    const pieces = JSON.stringify(decodedPieces(eventsOf(name)));
    for (const signature of simple.calls.length > 0 ? simple.signatures : []) expect(pieces).toContain(signature);
    if (simple.calls.length === 0) expect(made.thinkingBlocks).toHaveLength(simple.signatures.length > 0 ? 1 : 0);
  });

  test.each(streams)("%s is read the same however it is cut", (name) => {
    expect(brokenCuts(recordedLines(name).map((line) => Buffer.from(`data: ${line}\r\n\r\n`)))).toEqual([]);
  });

  /** [recording, the arguments of its calls] */
  const args: [string, unknown[]][] = [
    ["google-tool-call-gemini3", [{ location: "San Francisco" }]],
    ["google-stream-no-args-tool-call", [{}, { id: "A" }, { id: "B" }, { id: "C" }]],
    [
      "google-stream-tool-call-array-arguments-missing-terminal-function-call",
      [
        {
          operations: [
            { action: "add", description: "Fresh red apple", itemid: "apple_001", price: 0.5 },
            { action: "add", description: "Ripe yellow banana", itemid: "banana_001", price: 0.3 },
          ],
        },
      ],
    ],
  ];

  test.each(args)("%s: its calls have their arguments", (name, expected) => {
    const { toolCalls } = streamed(eventsOf(`google/${name}.chunks.txt`));
    expect(toolCalls.map((call) => call.type === "function" && JSON.parse(call.function.arguments))).toEqual(expected);
  });

  test("arguments that came leaf by leaf are put together as deep as they are", () => {
    const [call] = streamed(eventsOf("google/google-vertex-stream-tool-call-arguments-nested.1.chunks.txt")).toolCalls;
    const { recipe } = call?.type === "function" ? JSON.parse(call.function.arguments) : {};
    expect(recipe.name).toBe("Lasagna");
    expect(recipe.ingredients).toHaveLength(10);
    expect(recipe.ingredients[0]).toEqual({ amount: "16 oz", name: "Lasagna noodles" });
    expect(recipe.steps).toHaveLength(10);
    expect(recipe.steps[1]).toBe("Cook lasagna noodles according to package directions, drain and set aside.");
    expect(recipe.steps[9]).toBe("Let stand for 15 minutes before serving.");
  });
});

describe("recorded answers", () => {
  test.each(bodies)("%s: all that its parts hold, and no more", (name) => {
    const body: Response = JSON.parse(recordedText(name));
    const simple = simplyRead([body]);
    const { completion } = chat.decode(body, context);
    const message = completion.choices[0]?.message;
    expect(completion.id).toBe(simple.id);
    expect(message?.content ?? "").toBe(simple.content);
    const calls = message?.tool_calls ?? [];
    expect(calls.map((call) => call.type === "function" && call.function.name)).toEqual(simple.calls);
    expect(completion.choices[0]?.finish_reason).toBe(calls.length > 0 ? "tool_calls" : "stop");
    if (calls.length > 0) {
      expect(calls.map((call) => call.extra_content)).toEqual(
        simple.signatures.map((signature) => ({ google: { thought_signature: signature } })),
      );
    } else expect(message?.thinking_blocks).toHaveLength(1);
  });

  test("an error says when to try again", () => {
    expect(gemini.classify(429, recordedBody(ERROR))).toEqual({
      kind: "upstream_rate_limited",
      message: "You exceeded your current quota, please check your plan.",
      retryAfterSeconds: 34.4,
    });
  });
});

/** [recording, what was billed] */
const billed: [string, Partial<Usage>][] = [
  ["google-reasoning.chunks.txt", { input: 9, output: 29, reasoning: 256 }],
  ["google-stream-no-args-tool-call.chunks.txt", { input: 249, output: 58, reasoning: 183 }],
  [
    "google-stream-tool-call-array-arguments-missing-terminal-function-call.chunks.txt",
    { input: 54, output: 74, reasoning: 121 },
  ],
  ["google-tool-call-gemini3.chunks.txt", { input: 29, output: 15, reasoning: 804 }],
  ["google-vertex-stream-tool-call-arguments-nested.1.chunks.txt", { input: 31, output: 684, reasoning: 1026 }],
  ["google-reasoning.json", { input: 9, output: 29, reasoning: 282 }],
  ["google-tool-call-gemini3.json", { input: 29, output: 15, reasoning: 1801 }],
];

/**
 * Of the other recordings `interactions/` is Google's Interactions API, another one than generateContent, which the gateway
 * neither calls nor offers; `speech-translation/` is its Live API, which is spoken over WebSockets.
 */
describe("recorded usage", () => {
  test.each(billed)("%s", (file, classes) => {
    const name = `google/${file}`;
    const usage = name.endsWith(".json")
      ? chat.decode(recordedBody(name), context).usage
      : streamed(eventsOf(name)).usage;
    expect(usage).toEqual({ ...noUsage, ...classes });
  });

  test("no recording of generateContent is left out", () => {
    expect(billed.map(([file]) => `google/${file}`).toSorted()).toEqual([...streams, ...bodies].toSorted());
  });
});
