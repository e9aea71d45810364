import { describe, expect, test } from "vitest";
import { demo } from "@/server/providers/demo";
import type { UpstreamRequest } from "@/server/providers/provider";
import { ChatRequest } from "@/server/wire/chat";
import { eventsOf } from "@/tests/providers/recordings";

const context = { id: "chatcmpl-1", created: 1_700_000_000 };
const local = demo.local ?? (() => expect.unreachable("The demo answers in this process."));

function post(body: unknown): UpstreamRequest {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { method: "POST", url: "demo://in-process/chat/completions", headers: {}, body: text };
}

function whole(request: UpstreamRequest) {
  const { status, contentType, pieces } = local(request, context);
  return { status, contentType, body: JSON.parse(pieces.join("")) };
}

function streamed(fields: object) {
  const { status, contentType, pieces, everyMs } = local(post({ ...request, stream: true, ...fields }), context);
  const data = eventsOf(pieces.map((piece) => Buffer.from(piece))).map((event) => event.data);
  const chunks = data.slice(0, -1).map((text) => JSON.parse(text));
  return { status, contentType, pieces, everyMs, last: data.at(-1), chunks };
}

// Counted by hand: "Hello" "," " world" "!" and "Be" " nice" ".", of the image nothing.
const request = {
  model: "demo",
  messages: [
    { role: "system", content: "Hello, world!" },
    {
      role: "user",
      content: [
        { type: "text", text: "Be nice." },
        { type: "image_url", image_url: { url: "x" } },
      ],
    },
  ],
};
const PROMPT_TOKENS = 7;

describe("the demo", () => {
  test("says that it is one wherever a person meets it", () => {
    expect(demo.label).toMatch(/demonstration/i);
    expect(whole(post(request)).body.choices[0].message.content).toMatch(/Conduit's built-in demo/);
  });

  test("needs no key and no address", () => {
    expect(demo).toMatchObject({ keyOptional: true, auth: { scheme: "none" } });
  });

  test("answers whole, and counts its tokens", () => {
    const { status, contentType, body } = whole(post(request));
    expect({ status, contentType }).toEqual({ status: 200, contentType: "application/json" });
    expect(body).toMatchObject({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1_700_000_000,
      model: "demo",
      choices: [{ index: 0, message: { role: "assistant", refusal: null }, logprobs: null, finish_reason: "stop" }],
    });
    const { content } = body.choices[0].message;
    // Its words and marks, each once: what the tokenizer makes of a text without odd spaces.
    const tokens = content.match(/\w+|[^\w\s]/g).length;
    expect(body.usage).toEqual({
      prompt_tokens: PROMPT_TOKENS,
      completion_tokens: tokens,
      total_tokens: PROMPT_TOKENS + tokens,
    });
  });

  test("streams the same text a token a piece, every few milliseconds", () => {
    const { body } = whole(post(request));
    const { status, contentType, pieces, everyMs, last, chunks } = streamed({});
    expect({ status, contentType, last }).toEqual({
      status: 200,
      contentType: expect.stringContaining("text/event-stream"),
      last: "[DONE]",
    });
    expect(everyMs).toBeGreaterThan(0);
    const deltas = chunks.map((chunk) => chunk.choices[0].delta);
    expect(deltas[0]).toEqual({ role: "assistant", content: "", refusal: null });
    expect(deltas.map((delta) => delta.content ?? "").join("")).toBe(body.choices[0].message.content);
    expect(pieces).toHaveLength(body.usage.completion_tokens + 2);
    expect(chunks.map((chunk) => chunk.choices[0].finish_reason).filter(Boolean)).toEqual(["stop"]);
    expect(chunks.some((chunk) => "usage" in chunk)).toBe(false);
  });

  test("tells the usage at the stream's end to those who ask", () => {
    const { chunks } = streamed({ stream_options: { include_usage: true } });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole(post(request)).body.usage });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  });

  test.each([{ max_tokens: 3 }, { max_completion_tokens: 3 }, { max_tokens: 9, max_completion_tokens: 3 }])(
    "stops at %j",
    (limit) => {
      const { body } = whole(post({ ...request, ...limit }));
      expect(body.choices[0]).toMatchObject({ message: { content: "Hello from Conduit" }, finish_reason: "length" });
      expect(body.usage.completion_tokens).toBe(3);
      expect(streamed(limit).chunks.at(-1).choices[0].finish_reason).toBe("length");
    },
  );

  test("repeats nothing of what it is told", () => {
    const secret = "sk-live-0123456789";
    const { pieces } = local(post({ model: "demo", messages: [{ role: "user", content: secret }] }), context);
    expect(pieces.join("")).not.toContain(secret);
  });

  test.each([["{"], [{ model: "demo" }], [{ model: "demo", messages: [], stream: true }]])("refuses %j", (body) => {
    const answer = whole(post(body));
    expect(answer.status).toBe(400);
    expect(demo.classify(answer.status, answer.body)).toMatchObject({
      kind: "upstream_rejected",
      message: expect.any(String),
    });
  });

  test("lists itself as its one model", () => {
    const list = demo.listModels;
    const target = { baseUrl: demo.baseUrl ?? "", model: "", headers: {}, options: {} };
    const answer = whole(list?.encode(target) ?? post({}));
    expect(list?.decode(answer.body)).toEqual([{ id: "demo", ownedBy: "conduit" }]);
  });

  test("counts every kind of text, and takes a long one in its stride", () => {
    const tokens = (content: string) =>
      whole(post({ model: "demo", messages: [{ role: "user", content }] })).body.usage.prompt_tokens;
    expect(tokens("naïve größe 漢字")).toBe(3);
    expect(tokens("a  b\n\nc ")).toBe(4);
    expect(tokens("…?!")).toBe(3);
    expect(tokens(" ".repeat(1_000_000))).toBe(1);
    expect(tokens("word ".repeat(200_000))).toBe(200_001);
  });

  test("is told apart from a real request by nothing but its answer", () => {
    expect(ChatRequest.safeParse(request).success).toBe(true);
  });
});
