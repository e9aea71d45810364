import { describe, expect, test } from "vitest";
import { completions } from "@/server/dialects/completions";
import { GatewayError } from "@/server/errors";
import type { ChatChunk, ChatCompletion } from "@/server/wire/chat";
import { noUsage } from "@/server/wire/usage";
import { chunk } from "@/tests/dialects/messages";
import { eventsOf, recordedBody, recordedLines } from "@/tests/providers/recordings";
import { validateAgainst } from "@/tests/support/openai-schema";

const context = { id: "0123456789abcdef0123456789abcdef", created: 1_700_000_000, model: "my-model" };
const located = { params: {}, query: new URLSearchParams() };

function canonical(body: Record<string, unknown>) {
  return completions.toCanonical({ model: "my-model", prompt: "Once", ...body }, located);
}

describe("a request over chat", () => {
  test("is what a user says, with the API's own limit", () => {
    expect(canonical({})).toEqual({
      request: { model: "my-model", messages: [{ role: "user", content: "Once" }], max_tokens: 16 },
      dropped: [],
    });
  });

  test.each([
    [{ prompt: ["Once"] }, { messages: [{ role: "user", content: "Once" }] }],
    [{ logprobs: 3 }, { logprobs: true, top_logprobs: 3 }],
    [{ logprobs: 0 }, { logprobs: true }],
    [
      { max_tokens: 5, n: 2, temperature: 1.5, top_p: 0.5, stop: ["a"], seed: 7, user: "u", stream: true },
      { max_tokens: 5, n: 2, temperature: 1.5, top_p: 0.5, stop: ["a"], seed: 7, user: "u", stream: true },
    ],
  ])("%j", (body, expected) => {
    expect(canonical(body).request).toMatchObject(expected);
  });

  test("has no way to insert or to choose the best of several", () => {
    expect(canonical({ suffix: "the end", best_of: 3 }).dropped).toEqual(["best_of", "suffix"]);
    expect(canonical({ suffix: "", best_of: 2, n: 2 }).dropped).toEqual([]);
  });

  test.each([
    ["prompt", { prompt: ["Once", "Twice"] }],
    ["prompt", { prompt: [1212, 318] }],
    ["prompt", { prompt: [[1212, 318]] }],
    ["prompt", { prompt: null }],
    ["prompt", { prompt: [] }],
    ["max_tokens", { max_tokens: 0 }],
    ["logprobs", { logprobs: true }],
    ["n", { n: 0 }],
  ])("%s: %j is refused", (param, body) => {
    expect(() => canonical(body)).toThrow(expect.objectContaining({ kind: "invalid_request", param }));
  });
});

type Choice = ChatCompletion["choices"][number];

function answered(
  choices: Partial<Choice["message"] & Pick<Choice, "finish_reason" | "logprobs">>[],
  body: object = {},
) {
  const completion: ChatCompletion = {
    id: "x",
    object: "chat.completion",
    created: 0,
    model: "upstream",
    choices: choices.map(({ finish_reason = "stop", logprobs = null, ...message }, index) => ({
      index,
      message: { role: "assistant", content: null, refusal: null, ...message },
      logprobs,
      finish_reason,
    })),
  };
  const usage = { ...noUsage, input: 2, output: 3 };
  return completions.encodeAnswer(completion, { usage, body: { prompt: "Once", ...body }, context });
}

const logprobs = {
  content: [
    { token: " upon", logprob: -0.5, bytes: null, top_logprobs: [{ token: " upon", logprob: -0.5, bytes: null }] },
    { token: " a", logprob: -1, bytes: null, top_logprobs: [] },
  ],
};

describe("an answer", () => {
  test("is OpenAI's object", () => {
    const answer = answered([
      { content: " upon a", logprobs },
      { content: " more", finish_reason: "length" },
    ]);
    expect(answer).toMatchObject({
      id: `cmpl-${context.id}`,
      object: "text_completion",
      created: 1_700_000_000,
      model: "my-model",
      choices: [
        {
          index: 0,
          text: " upon a",
          finish_reason: "stop",
          logprobs: {
            tokens: [" upon", " a"],
            token_logprobs: [-0.5, -1],
            top_logprobs: [{ " upon": -0.5 }, {}],
            text_offset: [0, 5],
          },
        },
        { index: 1, text: " more", finish_reason: "length", logprobs: null },
      ],
      usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 },
    });
    expect(validateAgainst("CreateCompletionResponse", answer)).toEqual([]);
  });

  test("begins with the prompt where the caller wants its echo", () => {
    expect(answered([{ content: " upon", logprobs }], { echo: true }).choices).toMatchObject([
      { text: "Once upon", logprobs: { text_offset: [4, 9] } },
    ]);
  });

  test.each([
    ["tool_calls", "stop"],
    ["content_filter", "content_filter"],
  ] as const)("the end %s is %s", (finish_reason, expected) => {
    expect(answered([{ content: "", finish_reason }]).choices).toMatchObject([{ finish_reason: expected }]);
  });
});

function streamed(chunks: ChatChunk[], body: object = {}): { text: string; events: unknown[] } {
  const encoder = completions.encodeStream({ prompt: "Once", ...body }, context, located);
  const text = chunks.map((one) => encoder.chunk(one)).join("") + encoder.finish({ ...noUsage, input: 2, output: 3 });
  const data = eventsOf([Buffer.from(text)]).map((event) => event.data);
  expect(data.pop()).toBe("[DONE]");
  return { text, events: data.map((one) => JSON.parse(one)) };
}

describe("a stream", () => {
  const chunks = [
    chunk({ role: "assistant", content: "" }),
    chunk({ reasoning_content: "Hm." }),
    chunk({ content: " upon" }),
    chunk({ content: " a" }),
    chunk({}, { finish_reason: "length" }),
  ];

  test("has a piece for each text, and the end", () => {
    const { events } = streamed(chunks);
    const choice = (text: string, finish_reason: string | null) => ({ index: 0, text, logprobs: null, finish_reason });
    const head = { id: `cmpl-${context.id}`, object: "text_completion", created: 1_700_000_000, model: "my-model" };
    expect(events).toEqual([
      { ...head, choices: [choice(" upon", null)] },
      { ...head, choices: [choice(" a", null)] },
      { ...head, choices: [choice("", "length")] },
    ]);
  });

  test("tells usage where the caller wants it", () => {
    const { events } = streamed(chunks, { stream_options: { include_usage: true } });
    expect(events[0]).toMatchObject({ usage: null });
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 5 } });
  });

  test("begins with the prompt where the caller wants its echo, once", () => {
    const { events } = streamed(chunks, { echo: true });
    const said = events.flatMap((event) => (event as { choices: { text: string }[] }).choices.map(({ text }) => text));
    expect(said.join("")).toBe("Once upon a");
  });

  test("that breaks ends with an error event", () => {
    const encoder = completions.encodeStream({}, context, located);
    const [event] = eventsOf([Buffer.from(encoder.fail(new GatewayError("upstream_unavailable", "Cut short.")))]);
    expect(JSON.parse(event?.data ?? "")).toMatchObject({ error: { message: "Cut short.", type: "api_error" } });
  });
});

describe("what passes is read for the ledger", () => {
  const usage = { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 };
  const counted = { ...noUsage, input: 2, output: 3 };

  test("as it was recorded, whole and streamed", () => {
    const folder = "openai/completion/openai-completion-text";
    const whole = recordedBody(`${folder}.json`);
    const seen = completions.readWhole(whole);
    const billed = { ...noUsage, input: 14, output: 16 };
    expect(seen).toEqual({ usage: billed, finishReason: "length" });
    const lines = [...recordedLines(`${folder}.chunks.txt`).filter((line) => line !== "[DONE]"), "[DONE]"];
    const bytes = Buffer.from(lines.map((line) => `data: ${line}\n\n`).join(""));
    const read = (chunks: Uint8Array[]) => {
      const reader = completions.readStream();
      return eventsOf(chunks).map(reader);
    };
    const events = read([bytes]);
    expect(events.findLast((one) => one.usage)?.usage).toEqual(billed);
    expect(events.findLast((one) => one.finishReason)?.finishReason).toBe("length");
    expect(events.filter((one) => one.token)).toHaveLength(16);
    expect(events.at(-1)?.end).toBe(true);
    for (let at = 1; at < bytes.length; at += 1) {
      const cut = read([bytes.subarray(0, at), bytes.subarray(at)]);
      if (cut.length !== events.length) throw new Error(`Cut at byte ${at} it is read in another way.`);
    }
  });

  test("a whole answer", () => {
    const body = { object: "text_completion", choices: [{ index: 0, text: "a", finish_reason: "length" }], usage };
    expect(completions.readWhole(body)).toEqual({ usage: counted, finishReason: "length" });
    expect(() => completions.readWhole({ object: "list" })).toThrow(
      expect.objectContaining({ kind: "upstream_garbled" }),
    );
    const failed = { error: { message: "No.", code: 503 } };
    expect(completions.readWhole(failed)).toEqual({ error: failed, errorStatus: 503 });
  });

  test("a stream of two texts, which ends when both have", () => {
    const reader = completions.readStream();
    const piece = (index: number, text: string, finish_reason: string | null) =>
      reader({ event: "", data: JSON.stringify({ choices: [{ index, text, finish_reason }] }) });
    expect(piece(0, "a", null)).toMatchObject({ started: true, token: true, end: false });
    expect(piece(1, "b", null)).toMatchObject({ token: true, end: false });
    expect(piece(0, "", "stop")).toMatchObject({ token: false, end: false, finishReason: "stop" });
    expect(piece(1, "", "length")).toMatchObject({ end: true, finishReason: "length" });
    expect(reader({ event: "", data: JSON.stringify({ choices: [], usage }) }).usage).toEqual(counted);
    expect(reader({ event: "", data: "[DONE]" }).end).toBe(true);
  });
});
