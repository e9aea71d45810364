import { describe, expect, test } from "vitest";
import { cohere } from "@/server/providers/cohere";
import { noUsage, type Usage } from "@/server/wire/usage";
import { assemble } from "@/tests/providers/assemble";
import { chat, context, piecesOf } from "@/tests/providers/cohere";
import { brokenCuts, eventsOf, recordedBody, recordedLines, recordings } from "@/tests/providers/recordings";

type Expected = {
  content: string;
  reasoning: string;
  calls: [id: string, name: string, input: object][];
  finish: string;
  usage: Partial<Usage>;
};

const WEATHER_PLAN =
  "I will use the weather tool to find out the weather in San Francisco. I will also use the cityAttractions tool to find out what attractions are in San Francisco.";

/** What each recording holds, read from it by a person. */
const expected: Record<string, Expected> = {
  "text.json": {
    content: "The capital of France is Paris.",
    reasoning: "",
    calls: [],
    finish: "stop",
    usage: { input: 12, output: 7 },
  },
  "text.chunks.txt": {
    content: "The capital of France is Paris.",
    reasoning: "",
    calls: [],
    finish: "stop",
    usage: { input: 12, output: 7 },
  },
  "reasoning.json": {
    content: "2 + 2 = 4",
    reasoning: "Okay, so I need to figure out what 2 + 2 is. Let me start by recalling what addition means.",
    calls: [],
    finish: "stop",
    usage: { input: 8, output: 578 },
  },
  "reasoning.chunks.txt": {
    content: "The answer to 2 + 2 is 4.",
    reasoning:
      "The user is asking for the sum of 2 and 2. Since this is a straightforward arithmetic problem, I don't need to use any tools. I can calculate the answer directly.",
    calls: [],
    finish: "stop",
    usage: { input: 8, output: 50 },
  },
  "tool-call.json": {
    content: "",
    reasoning: WEATHER_PLAN,
    calls: [
      ["weather_dqgshstja6p9", "weather", { location: "San Francisco" }],
      ["cityAttractions_dcxfx4myvx68", "cityAttractions", { city: "San Francisco" }],
    ],
    finish: "tool_calls",
    usage: { input: 119, output: 52 },
  },
  "tool-call.chunks.txt": {
    content: "",
    reasoning:
      "I will use the weather tool to find the weather in San Francisco and the cityAttractions tool to find attractions in San Francisco.",
    calls: [
      ["weather_e8p4pn45zt0t", "weather", { location: "San Francisco" }],
      ["cityAttractions_pyxssbwnq9fq", "cityAttractions", { city: "San Francisco" }],
    ],
    finish: "tool_calls",
    usage: { input: 119, output: 44 },
  },
  "empty-tool-call.chunks.txt": {
    content: "",
    reasoning: "I will use the currentTime tool to find the current time.",
    calls: [["currentTime_y46ar19t5gvw", "currentTime", {}]],
    finish: "tool_calls",
    usage: { input: 46, output: 14 },
  },
};

const cases = Object.entries(expected).map(([name, holds]) => ({ name: `cohere/cohere-${name}`, holds }));

test("no recording is left out", () => {
  const all = [...recordings("cohere", /\.(json|chunks\.txt)$/), ...recordings("cohere/reranking", /./)];
  const others = ["cohere/cohere-embedding.json", "cohere/reranking/cohere-reranking.1.json"];
  expect([...cases.map(({ name }) => name), ...others].toSorted()).toEqual(all.toSorted());
});

describe("recorded answers", () => {
  test.each(cases.filter(({ name }) => name.endsWith(".json")))("$name", ({ name, holds }) => {
    const { completion, usage } = chat.decode(recordedBody(name), context);
    const choice = completion.choices[0];
    const calls = choice?.message.tool_calls ?? [];
    expect(choice?.message.content ?? "").toBe(holds.content);
    expect(choice?.message.reasoning_content ?? "").toBe(holds.reasoning);
    expect(
      calls.map(
        (call) => call.type === "function" && [call.id, call.function.name, JSON.parse(call.function.arguments)],
      ),
    ).toEqual(holds.calls);
    expect(choice?.finish_reason).toBe(holds.finish);
    expect(usage).toEqual({ ...noUsage, ...holds.usage });
  });

  test("embeddings", () => {
    const request = { model: "embed", input: ["sunny day at the beach", "rainy day in the city"] };
    const made = cohere.embeddings?.decode(recordedBody("cohere/cohere-embedding.json"), { request, context });
    expect(made).toEqual({
      response: {
        model: "embed",
        vectors: [
          [0.03302002, 0.020904541, -0.019744873, -0.0625, 0.04437256],
          [-0.04660034, 0.00037765503, -0.061157227, -0.08239746, -0.010360718],
        ],
      },
      usage: { ...noUsage, input: 10 },
    });
  });

  test("a ranking", () => {
    const request = { model: "rerank", query: "rain", documents: ["sun", "rain"] };
    const body = recordedBody("cohere/reranking/cohere-reranking.1.json");
    expect(cohere.rerank?.decode(body, { request, context })).toEqual({
      response: {
        id: "b44fe75b-e3d3-489a-b61e-1a1aede3ef72",
        results: [
          { index: 1, relevance_score: 0.10183054 },
          { index: 0, relevance_score: 0.03762639 },
        ],
      },
      usage: { ...noUsage, searchUnits: 1 },
    });
  });
});

describe("recorded streams", () => {
  const streams = cases.filter(({ name }) => name.endsWith(".chunks.txt"));
  const framed = (name: string): Buffer[] =>
    recordedLines(name).map((line) => Buffer.from(`event: ${JSON.parse(line).type}\ndata: ${line}\n\n`));

  test.each(streams)("$name", ({ name, holds }) => {
    const made = assemble(piecesOf(eventsOf(framed(name))));
    expect(made).toMatchObject({ role: "assistant", ended: true, error: undefined });
    expect(made.content).toBe(holds.content);
    expect(made.reasoning).toBe(holds.reasoning);
    expect(made.toolCalls.map(({ id, function: f }) => [id, f.name, JSON.parse(f.arguments)])).toEqual(holds.calls);
    expect(made.finishReasons).toEqual([holds.finish]);
    expect(made.usage).toEqual({ ...noUsage, ...holds.usage });
    expect(made.id).toBe(JSON.parse(recordedLines(name)[0] ?? "").id);
  });

  test.each(streams)("$name is read the same however it is cut", ({ name }) => {
    expect(brokenCuts(framed(name))).toEqual([]);
  });
});
