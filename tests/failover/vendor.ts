import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { json, namedEvents, openAiEvents, type Scenario, stream } from "@/tests/support/upstream";

/** The tokens of every answer: a vendor without faults always gives the same. */
export const WORDS: readonly string[] = Array.from({ length: 60 }, (_, at) => `${at === 0 ? "" : " "}word${at + 1}`);
export const ANSWER = WORDS.join("");
export const PROMPT_TOKENS = 12;
/** A model of Anthropic's that goes on from an assistant's turn. */
export const CLAUDE = "claude-3-5-haiku-20241022";

type Asked = {
  readonly model: string;
  readonly stream: boolean;
  readonly showUsage: boolean;
  /** What an assistant's message at the end holds; undefined where there is none. */
  readonly prefill: string | undefined;
};

/** How a stream of `faulty` goes wrong; absent = not at all. */
export type Fault = {
  /** Tokens that come before. */
  readonly after?: number;
  readonly how?: "cut" | "stall" | "malformed" | "no-done" | "no-done-open";
  /** Before the first token, headers and the role sent. */
  readonly firstTokenAfterMs?: number;
  readonly role?: boolean;
};

/** A vendor that speaks OpenAI's dialect, goes on from a beginning that it is given, and answers the same each time. */
export const healthy: Scenario = (request, response) => answer(readRequest(request.body), response, {});

/** The same, whose streams go wrong. */
export function faulty(fault: Fault): Scenario {
  return (request, response) => answer(readRequest(request.body), response, fault);
}

/** The same, which thinks before it answers. */
export const thoughtful: Scenario = (request, response) => {
  const { model } = readRequest(request.body);
  const chunk = (delta: object, finish_reason: string | null = null): object => ({
    ...head(model, "chat.completion.chunk"),
    choices: [{ index: 0, delta, finish_reason }],
  });
  const said = WORDS.map((content) => chunk({ content }));
  const events = [chunk({ reasoning_content: "Another thought." }), ...said, chunk({}, "stop")];
  return stream(openAiEvents(events))(request, response);
};

/** The same, which refuses a conversation that ends with an assistant's message. */
export const withoutPrefill: Scenario = (request, response) => {
  const asked = readRequest(request.body);
  if (asked.prefill === undefined) return answer(asked, response, {});
  return refusal(
    400,
    "This model does not take an assistant message at the end.",
    "invalid_prefill",
  )(request, response);
};

/** A vendor that speaks Anthropic's dialect and goes on from a beginning that it is given; its answer is the same. */
export const claudeGoesOn: Scenario = (request, response) => {
  const { messages } = JSON.parse(request.body.toString());
  const last = messages.at(-1);
  const prefill = last.role === "assistant" ? last.content : "";
  const given = typeof prefill === "string" ? prefill : prefill[0].text;
  const done = given === "" ? 0 : given.split(" ").length;
  const usage = { input_tokens: PROMPT_TOKENS + done, output_tokens: 1 };
  const message = { id: "msg_1", type: "message", role: "assistant", model: CLAUDE, content: [], usage };
  const events = [
    { type: "message_start", message },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...WORDS.slice(done).map((text) => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text },
    })),
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: WORDS.length - done } },
    { type: "message_stop" },
  ];
  return stream(namedEvents(events))(request, response);
};

/** An error as OpenAI says it. */
export function refusal(status: number, message: string, code: string | null = null, headers = {}): Scenario {
  const type = status < 500 ? "invalid_request_error" : "server_error";
  return json({ error: { message, type, param: null, code } }, { status, headers });
}

/** One scenario after another, the last one from then on. */
export function inTurn(...scenarios: readonly Scenario[]): Scenario {
  let turn = 0;
  return (request, response) => scenarios[Math.min(turn++, scenarios.length - 1)]?.(request, response);
}

/** A connection that is reset before anything is answered. */
export const reset: Scenario = (_request, response) => void response.socket?.resetAndDestroy();

function readRequest(body: Buffer): Asked {
  const { model, stream, stream_options: options, messages } = JSON.parse(body.toString("utf8"));
  const last = messages.at(-1);
  return {
    model,
    stream: stream === true,
    showUsage: options?.include_usage === true,
    prefill: last?.role === "assistant" ? String(last.content) : undefined,
  };
}

async function answer(asked: Asked, response: ServerResponse, fault: Fault): Promise<void> {
  const { prefill } = asked;
  const goesOn = prefill !== undefined && ANSWER.startsWith(prefill);
  const tokens = goesOn ? tokensAfter(prefill.length) : WORDS;
  const usage = {
    prompt_tokens: PROMPT_TOKENS,
    completion_tokens: tokens.length,
    total_tokens: PROMPT_TOKENS + tokens.length,
  };
  if (!asked.stream) {
    const message = { role: "assistant", content: tokens.join("") };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    await json({ ...head(asked.model, "chat.completion"), choices, usage })({} as never, response);
    return;
  }
  await streamed(asked, response, { tokens, usage, fault });
}

type Streamed = { readonly tokens: readonly string[]; readonly usage: object; readonly fault: Fault };

async function streamed(asked: Asked, response: ServerResponse, { tokens, usage, fault }: Streamed): Promise<void> {
  const { after = Number.POSITIVE_INFINITY, how, firstTokenAfterMs = 0, role = true } = fault;
  const send = (data: object | string): void => {
    if (!response.destroyed) response.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
  };
  const chunk = (delta: object, finish: string | null = null): object => ({
    ...head(asked.model, "chat.completion.chunk"),
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  if (role) send(chunk({ role: "assistant", content: "" }));
  if (firstTokenAfterMs > 0) await sleep(firstTokenAfterMs);
  for (const [at, token] of tokens.entries()) {
    if (at === after && how === "stall") return;
    if (at === after && how === "cut") {
      await sleep(2);
      return void response.destroy();
    }
    if (at === after && how === "malformed") send(JSON.stringify(chunk({ content: "lost" })).slice(0, -4));
    send(chunk({ content: token }));
    if (at % 10 === 0) await sleep(1);
  }
  send(chunk({}, "stop"));
  if (asked.showUsage) send({ ...head(asked.model, "chat.completion.chunk"), choices: [], usage });
  if (how === "no-done-open") return;
  if (how !== "no-done") send("[DONE]");
  response.end();
}

/** What follows the first characters of the answer, token by token. */
function tokensAfter(length: number): readonly string[] {
  let left = length;
  return WORDS.flatMap((token) => {
    const skipped = Math.min(left, token.length);
    left -= skipped;
    return skipped === token.length ? [] : [token.slice(skipped)];
  });
}

function head(model: string, object: string): object {
  return { id: `chatcmpl-of-${model}`, object, created: 1_790_000_000, model };
}
