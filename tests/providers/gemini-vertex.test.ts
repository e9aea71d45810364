import { describe, expect, test } from "vitest";
import type { Target } from "@/server/providers/provider";
import { vertex } from "@/server/providers/vertex";
import { noUsage } from "@/server/wire/usage";
import { context } from "@/tests/providers/gemini";
import { recordedBody, recordedLines } from "@/tests/providers/recordings";

if (vertex.chat?.kind !== "translated") throw new Error("Vertex AI's chat is a translation.");
const chat = vertex.chat;

const CLAUDE = "claude-sonnet-4-5@20250929";

function target(model: string, options: Target["options"] = {}, baseUrl = vertex.baseUrl ?? ""): Target {
  return { baseUrl, model, headers: {}, options };
}

const hello = { model: "name", messages: [{ role: "user", content: "Hello" }] };

describe("addresses", () => {
  test.each<[string, Target["options"], string]>([
    [
      "gemini-2.5-pro",
      {},
      "https://aiplatform.googleapis.com/v1/projects/{project}/locations/global/publishers/google",
    ],
    [
      "google/gemini-2.5-pro",
      { location: "us-central1", project: "p-1" },
      "https://us-central1-aiplatform.googleapis.com/v1/projects/p-1/locations/us-central1/publishers/google",
    ],
    [
      "publishers/google/models/gemini-2.5-pro",
      { location: "eu" },
      "https://aiplatform.eu.rep.googleapis.com/v1/projects/{project}/locations/eu/publishers/google",
    ],
  ])("%s with %j", (model, options, start) => {
    const urlOf = (stream: boolean) => chat.encode({ ...hello, stream }, target(model, options)).request.url;
    expect(urlOf(false)).toBe(`${start}/models/gemini-2.5-pro:generateContent`);
    expect(urlOf(true)).toBe(`${start}/models/gemini-2.5-pro:streamGenerateContent?alt=sse`);
  });

  test("an admin's own address stays, and options that are no names are refused", () => {
    const own = target("gemini-2.5-pro", {}, "https://psc.example/v1");
    expect(chat.encode(hello, own).request.url).toMatch(/^https:\/\/psc\.example\/v1\/projects\//);
    for (const options of [{ location: "evil.example/" }, { project: "a/b" }]) {
      expect(() => chat.encode(hello, target("gemini-2.5-pro", options))).toThrow(
        expect.objectContaining({ kind: "upstream_denied" }),
      );
    }
  });
});

describe("Claude", () => {
  test("is asked by the Messages API, with its version in the body and its name in the path", () => {
    const { request } = chat.encode({ ...hello, stream: true }, target(CLAUDE, { location: "us-east5" }));
    expect(request.url).toBe(
      `https://us-east5-aiplatform.googleapis.com/v1/projects/{project}/locations/us-east5/publishers/anthropic/models/${CLAUDE}:streamRawPredict`,
    );
    const body = JSON.parse(String(request.body));
    expect(body).toMatchObject({ anthropic_version: "vertex-2023-10-16", stream: true, messages: [{ role: "user" }] });
    expect(body).not.toHaveProperty("model");
    expect(request.headers).toEqual({ "content-type": "application/json" });
    expect(chat.encode(hello, target(CLAUDE)).request.url).toMatch(/:rawPredict$/);
  });

  test("is passed on to callers who speak the Messages API, and Gemini is not", () => {
    const native = vertex.native?.messages;
    expect(native?.serves?.(target(CLAUDE))).toBe(true);
    expect(native?.serves?.(target("gemini-2.5-pro"))).toBe(false);
    expect(vertex.native?.gemini?.serves?.(target(CLAUDE))).toBe(false);
    expect(native?.url(target(CLAUDE), { stream: true })).toMatch(/publishers\/anthropic\/.*:streamRawPredict$/);
    expect(native?.change?.({ messages: [] }, target(CLAUDE), {}).fields).toEqual({
      model: null,
      anthropic_version: '"vertex-2023-10-16"',
    });
    const sent = native?.headers?.(target(CLAUDE), { "anthropic-version": "2023-06-01", "anthropic-beta": "a,b" });
    expect(sent).toEqual({ "anthropic-beta": "a,b" });
  });

  test("its answers, whole and streamed, are told from Gemini's", () => {
    const { completion } = chat.decode(recordedBody("anthropic/anthropic-tool-no-args.json"), context);
    expect(completion.choices[0]?.finish_reason).toBe("tool_calls");
    const decoder = chat.decodeStream(context);
    const pieces = recordedLines("anthropic/anthropic-tool-no-args.chunks.txt").flatMap((data) => [
      ...decoder({ event: String(JSON.parse(data).type), data }),
    ]);
    expect(pieces.at(-1)).toEqual({ kind: "end" });
    expect(vertex.classify(529, { type: "error", error: { type: "overloaded_error", message: "Busy." } }).kind).toBe(
      "upstream_unavailable",
    );
  });

  test("its tokens are counted by a method of their own", () => {
    const made = vertex.countTokens?.encode(hello, target(CLAUDE));
    expect(made?.request.url).toMatch(/publishers\/anthropic\/models\/count-tokens:rawPredict$/);
    expect(JSON.parse(String(made?.request.body))).toMatchObject({ model: CLAUDE, messages: [{ role: "user" }] });
    const about = { request: hello, context };
    expect(vertex.countTokens?.decode({ input_tokens: 4 }, about).response).toEqual({ inputTokens: 4 });
    expect(vertex.countTokens?.decode({ totalTokens: 5 }, about).response).toEqual({ inputTokens: 5 });
  });
});

describe("Gemini", () => {
  test("streams are read as Gemini's", () => {
    const decoder = chat.decodeStream(context);
    const name = "google/google-vertex-stream-tool-call-arguments-nested.1.chunks.txt";
    const pieces = recordedLines(name).flatMap((data) => [...decoder({ event: "", data })]);
    expect(pieces.at(-1)).toEqual({ kind: "end" });
  });

  test("tokens are counted without a wrapper", () => {
    const made = vertex.countTokens?.encode({ ...hello, safety_settings: [] }, target("gemini-2.5-pro"));
    expect(JSON.parse(String(made?.request.body))).toEqual({
      contents: [{ role: "user", parts: [{ text: "Hello" }] }],
    });
  });

  test("embeddings by prediction, with the counts of each text", () => {
    const request = { model: "name", input: ["a", "b"], dimensions: 4 };
    const made = vertex.embeddings?.encode(request, target("text-embedding-005"));
    expect(made?.request.url).toMatch(/models\/text-embedding-005:predict$/);
    expect(JSON.parse(String(made?.request.body))).toEqual({
      instances: [{ content: "a" }, { content: "b" }],
      parameters: { outputDimensionality: 4 },
    });
    const predictions = [1, 2].map((value) => ({ embeddings: { values: [value], statistics: { token_count: 3 } } }));
    expect(vertex.embeddings?.decode({ predictions }, { request, context })).toEqual({
      response: { model: "name", vectors: [[1], [2]] },
      usage: { ...noUsage, input: 6 },
    });
  });

  test("the newer embedding model takes one text", () => {
    const two = target("gemini-embedding-2");
    expect(vertex.embeddings?.encode({ model: "m", input: "a" }, two).request.url).toMatch(/:embedContent$/);
    expect(() => vertex.embeddings?.encode({ model: "m", input: ["a", "b"] }, two)).toThrow(
      expect.objectContaining({ kind: "invalid_request", param: "input" }),
    );
    const request = { model: "m", input: "a" };
    expect(vertex.embeddings?.decode({ embedding: { values: [1] } }, { request, context }).response.vectors).toEqual([
      [1],
    ]);
  });
});

test("models are listed by publisher", () => {
  expect(vertex.listModels?.encode(target("")).url).toBe(
    "https://aiplatform.googleapis.com/v1beta1/publishers/google/models?pageSize=1000",
  );
  expect(vertex.listModels?.decode({ publisherModels: [{ name: "publishers/google/models/gemini-2.5-pro" }] })).toEqual(
    [{ id: "gemini-2.5-pro", ownedBy: "google" }],
  );
});
