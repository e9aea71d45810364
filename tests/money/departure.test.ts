import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Fixture, useGateway } from "@/tests/support/fixture";
import { namedEvents, type Scenario } from "@/tests/support/upstream";

/** Four words, each a token in an event of its own. */
const WORDS = ["one", " two", " three", " four"];
const head = { id: "x", object: "chat.completion.chunk", created: 1, model: "m" };
const data = (payload: object): string => `data: ${JSON.stringify(payload)}\n\n`;
const choice = (delta: object): string => data({ ...head, choices: [{ index: 0, delta, finish_reason: null }] });

const named = (events: readonly (Record<string, unknown> & { type: string })[]): string => namedEvents(events);

/** What a vendor sends before its first token, and with each. */
type Wire = { readonly path: string; readonly opening: string; readonly token: (word: string) => string };

const openaiChat: Wire = {
  path: "/v1/chat/completions",
  opening: choice({ role: "assistant", content: "" }),
  token: (content) => choice({ content }),
};
const anthropic: Wire = {
  path: "/v1/messages",
  opening: named([
    {
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "m",
        content: [],
        stop_reason: null,
        usage: { input_tokens: 9, output_tokens: 1 },
      },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  ]),
  token: (text) => named([{ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }]),
};
const openaiText: Wire = {
  path: "/v1/completions",
  opening: "",
  token: (text) =>
    data({
      id: "x",
      object: "text_completion",
      created: 1,
      model: "m",
      choices: [{ index: 0, text, finish_reason: null }],
    }),
};

const messages = [{ role: "user", content: "Count." }];
const contents = { contents: [{ role: "user", parts: [{ text: "Count." }] }] };

const cases: readonly [string, string, (model: string) => string, (model: string) => object, Wire][] = [
  ["chat, native", "plain", () => "/v1/chat/completions", (model) => ({ model, messages, stream: true }), openaiChat],
  [
    "chat, translated",
    "foreign",
    () => "/v1/chat/completions",
    (model) => ({ model, messages, stream: true }),
    anthropic,
  ],
  [
    "messages, native",
    "foreign",
    () => "/v1/messages",
    (model) => ({ model, messages, max_tokens: 99, stream: true }),
    anthropic,
  ],
  [
    "messages, translated",
    "plain",
    () => "/v1/messages",
    (model) => ({ model, messages, max_tokens: 99, stream: true }),
    openaiChat,
  ],
  [
    "responses, translated",
    "plain",
    () => "/v1/responses",
    (model) => ({ model, input: "Count.", stream: true }),
    openaiChat,
  ],
  [
    "completions, native",
    "plain",
    () => "/v1/completions",
    (model) => ({ model, prompt: "Count.", stream: true }),
    openaiText,
  ],
  [
    "completions, translated",
    "foreign",
    () => "/v1/completions",
    (model) => ({ model, prompt: "Count.", stream: true }),
    anthropic,
  ],
  [
    "gemini, translated",
    "plain",
    (model) => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
    () => contents,
    openaiChat,
  ],
];

/** Says so many words and then nothing more, without an end; no words: not even the answer's head. */
function says(wire: Wire, words: number): Scenario {
  return async (_request, response) => {
    if (words === 0) return;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(wire.opening);
    for (const word of WORDS.slice(0, words)) {
      response.write(wire.token(word));
      await sleep(3);
    }
  };
}

type Leaving = {
  readonly path: string;
  readonly body: object;
  readonly lastWord: string | undefined;
  readonly requestId: string;
};

/** Leaves when the last word has come, or, where there is none, once the vendor has the request; gives the ms until it hears. */
async function leave(fixture: Fixture, { path, body, lastWord, requestId }: Leaving): Promise<number> {
  const before = fixture.upstream.received.length;
  const leaving = new AbortController();
  const answering = fixture.post(path, body, { signal: leaving.signal, headers: { "x-request-id": requestId } });
  if (lastWord === undefined)
    await expect.poll(() => fixture.upstream.received.length, { interval: 5 }).toBe(before + 1);
  else {
    let text = "";
    const reader = (await answering).body?.getReader();
    while (!text.includes(lastWord.trim())) {
      const next = await reader?.read();
      if (!next || next.done) break;
      text += Buffer.from(next.value).toString();
    }
  }
  const leftAt = performance.now();
  leaving.abort();
  await answering.catch(() => undefined);
  return (await Promise.race([fixture.upstream.last().hungUp, sleep(5_000, Number.POSITIVE_INFINITY)])) - leftAt;
}

describe("a caller who leaves pays for what was produced", () => {
  const gate = useGateway("server");

  describe.each(cases)("%s", (...[name, model, path, body, wire]) => {
    test.each([0, 1, 2, 3, 4])("after %i tokens", async (words) => {
      gate().upstream.on(wire.path, says(wire, words));
      const requestId = `left-${name.replaceAll(/\W+/g, "-")}-${words}`;
      const tookMs = await leave(gate(), {
        path: path(model),
        body: body(model),
        lastWord: WORDS[words - 1],
        requestId,
      });
      expect(tookMs).toBeLessThan(2_000);
      const row = await gate().ledgerRow(requestId);
      expect(row).toMatchObject({ status: 499, error_kind: "cancelled", output_tokens: BigInt(words) });
      if (words === 0) expect(row.cost_nano).toBe(0n);
      else {
        // The fixture's price: a thousand nano-dollars for a token of the prompt, four thousand for one of the answer.
        expect(row.cost_nano).toBe(row.input_tokens * 1_000n + BigInt(words) * 4_000n);
        expect(row.input_tokens).toBeGreaterThan(0n);
      }
    });
  });
});
