import { createServer, type ServerResponse } from "node:http";

/**
 * The vendor of the benchmark, a process of its own: it answers `whole` with one JSON body of about 600 bytes, and
 * `events-N` with N content events, in OpenAI's chat or, at `/messages`, in Anthropic's; all streams one event every
 * INTERVAL_MS, each in a socket write of its own.
 */

const intervalMs = Number(process.env.INTERVAL_MS ?? 2);
const head = { id: "chatcmpl-bench", created: 1_790_000_000, model: "bench-model-2026-01-01" };
const usage = {
  prompt_tokens: 60,
  completion_tokens: 80,
  total_tokens: 140,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
};
const text =
  "A gateway stands between many callers and many vendors; it should cost next to nothing to walk through it. ";
const whole = Buffer.from(
  JSON.stringify({
    ...head,
    object: "chat.completion",
    choices: [
      { index: 0, message: { role: "assistant", content: text, refusal: null }, logprobs: null, finish_reason: "stop" },
    ],
    usage,
    system_fingerprint: "fp_bench",
  }),
);
const wholeHead = { "content-type": "application/json", "content-length": whole.length };
const streamHead = { "content-type": "text/event-stream; charset=utf-8" };

const event = (choices: object[], more: object = {}): string =>
  `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", service_tier: "default", system_fingerprint: "fp_bench", choices, ...more })}\n\n`;
const content = Buffer.from(
  event([{ index: 0, delta: { content: " token" }, logprobs: null, finish_reason: null }], { usage: null }),
);
const last = Buffer.from(
  `${event([{ index: 0, delta: {}, logprobs: null, finish_reason: "stop" }], { usage: null })}${event([], { usage })}data: [DONE]\n\n`,
);

const named = (events: readonly Record<string, unknown>[]): Buffer =>
  Buffer.from(events.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`).join(""));
const message = { id: "msg_bench", type: "message", role: "assistant", model: head.model, content: [] };

/** How a stream begins, goes on and ends: in OpenAI's chat, and in Anthropic's Messages. */
const own = { first: undefined, content, last };
const foreign = {
  first: named([
    {
      type: "message_start",
      message: { ...message, stop_reason: null, usage: { input_tokens: 60, output_tokens: 1 } },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  ]),
  content: named([{ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: " token" } }]),
  last: named([
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 80 } },
    { type: "message_stop" },
  ]),
};

type Open = { left: number; content: Buffer; last: Buffer };
const open = new Map<ServerResponse, Open>();
setInterval(() => {
  for (const [response, stream] of open) {
    if (stream.left-- > 0) response.write(stream.content);
    else {
      open.delete(response);
      response.end(stream.last);
    }
  }
}, intervalMs);

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  let body = "";
  request.setEncoding("latin1").on("data", (piece: string) => {
    body += piece;
  });
  request.on("end", () => {
    const events = /"events-(\d+)"/.exec(body)?.[1];
    if (events === undefined) {
      response.writeHead(200, wholeHead).end(whole);
      return;
    }
    response.socket?.setNoDelay(true);
    response.writeHead(200, streamHead).flushHeaders();
    response.on("close", () => open.delete(response));
    const spoken = request.url?.endsWith("/messages") ? foreign : own;
    if (spoken.first) response.write(spoken.first);
    open.set(response, { left: Number(events), content: spoken.content, last: spoken.last });
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1");
