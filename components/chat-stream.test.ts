import { afterEach, expect, test, vi } from "vitest";
import { type ChatPiece, streamChat } from "./chat-stream";

afterEach(() => vi.unstubAllGlobals());

/** A server that answers with these bytes, one piece each. */
function answerWith(pieces: string[], init: ResponseInit = {}): void {
  const body = new ReadableStream({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  vi.stubGlobal("fetch", async () => new Response(body, { headers: { "x-request-id": "req-1" }, ...init }));
}

async function run() {
  const pieces: ChatPiece[] = [];
  let requestId: string | null = null;
  const end = await streamChat({
    keyId: "k",
    body: { model: "demo" },
    signal: new AbortController().signal,
    onBegin: (id) => {
      requestId = id;
    },
    onPiece: (piece) => pieces.push(piece),
  });
  return { pieces, requestId, end };
}

test("text, reasoning, usage and the end are read from the stream", async () => {
  answerWith([
    'data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}\n\ndata: {"choices":[{"delta":{"content":"Hel',
    'lo"}}]}\n\ndata: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n',
    'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}\n\ndata: [DONE]\n\n',
  ]);
  const { pieces, requestId, end } = await run();
  expect(pieces).toEqual([
    { text: "", reasoning: "hm" },
    { text: "Hello", reasoning: "" },
  ]);
  expect(requestId).toBe("req-1");
  expect(end).toMatchObject({ usage: { input: 7, output: 2 }, finishReason: "stop" });
});

test("an error in the middle of a stream is said in its own words", async () => {
  answerWith([
    'data: {"choices":[{"delta":{"content":"He"}}]}\n\n',
    'data: {"error":{"message":"The upstream broke off."}}\n\n',
  ]);
  await expect(run()).rejects.toThrow("The upstream broke off.");
});

test("a refusal is said in the gateway's words, a foreign one by its status", async () => {
  answerWith(['{"error":{"message":"No model named x."}}'], { status: 404 });
  await expect(run()).rejects.toThrow("No model named x.");
  answerWith(["<html>Bad gateway</html>"], { status: 502 });
  await expect(run()).rejects.toThrow("HTTP 502");
});
