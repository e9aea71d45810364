import { describe, expect, test } from "vitest";
import { type Fixture, useGateway } from "@/tests/support/fixture";
import { json, openAiEvents, type Scenario } from "@/tests/support/upstream";

/** A token of the answer is a tenth of a cent; prompts are free. */
const price = { inputPerMillion: 0, outputPerMillion: 1_000 };
const TOKEN_NANO = 1_000_000n;
const USUAL = 16_384;
const messages = [{ role: "user", content: "spend" }];

const secretOf = (name: string): string => `condt_${name}_0123456789abcdefghijklmnopqrstuvwxyz`;

function config(upstreamUrl: string) {
  const keyed = (name: string, limitUsd: number) => ({
    name,
    key: secretOf(name),
    models: ["*"],
    budgets: [{ period: "total", limitUsd }],
  });
  return {
    providers: [
      {
        name: "vendor",
        type: "openai-compatible",
        baseUrl: `${upstreamUrl}/v1`,
        allowPrivateNetwork: true,
        keys: [{ name: "main", apiKey: "sk-vendor" }],
      },
    ],
    models: [{ name: "m", deployments: [{ provider: "vendor", model: "m", price }] }],
    virtualKeys: [
      ...["chat", "several", "responses", "completions", "gemini"].map((name) => keyed(name, 0.05)),
      keyed("stream", 0.05),
      keyed("long", 20),
      keyed("rich", 100),
    ],
  };
}

const usageOf = (tokens: number) => ({ prompt_tokens: 0, completion_tokens: tokens, total_tokens: tokens });
const head = { id: "x", created: 1, model: "m", object: "chat.completion.chunk" };
const delta = (content: string, finish: string | null = null) => ({
  ...head,
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
});

/** Streams so many tokens, one in an event, a few hundred in a write. */
function produces(tokens: number): Scenario {
  return async (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const event = `data: ${JSON.stringify(delta(" x"))}\n\n`;
    for (let at = 0; at < tokens && !response.destroyed; at += 256) {
      response.write(event.repeat(Math.min(256, tokens - at)));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    response.end(openAiEvents([delta("", "stop"), { ...head, choices: [], usage: usageOf(tokens) }]));
  };
}

async function stream(fixture: Fixture, key: string): Promise<{ text: string; requestId: string }> {
  const answer = await fixture.chat({ model: "m", messages, stream: true }, { key: secretOf(key) });
  return { text: await answer.text(), requestId: answer.headers.get("x-request-id") ?? "" };
}

describe("answers whose caller set no limit", () => {
  const gate = useGateway("server", { config });
  const asked = (): Record<string, unknown> => JSON.parse(gate().upstream.last().body.toString());

  test.each([
    ["chat", "/v1/chat/completions", { model: "m", messages }, 50],
    ["several", "/v1/chat/completions", { model: "m", messages, n: 2 }, 25],
    ["responses", "/v1/responses", { model: "m", input: "spend", store: false }, 50],
    ["completions", "/v1/completions", { model: "m", prompt: "spend" }, 50],
    ["gemini", "/v1beta/models/m:generateContent", { contents: [{ role: "user", parts: [{ text: "spend" }] }] }, 50],
  ])("%s: the vendor is told a limit that the money reaches for", async (key, path, body, limit) => {
    const choices = [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }];
    const whole = { ...head, object: "chat.completion", choices, usage: usageOf(1) };
    const text = { ...head, object: "text_completion", choices: [{ index: 0, text: "x", finish_reason: "stop" }] };
    gate().upstream.on("/v1/chat/completions", json(whole));
    gate().upstream.on("/v1/completions", json({ ...text, usage: usageOf(1) }));
    const answer = await gate().post(path, body, { key: secretOf(key) });
    expect(answer.status).toBe(200);
    const { max_completion_tokens, max_tokens } = asked();
    expect(max_completion_tokens ?? max_tokens).toBe(limit);
  });

  test("such an answer is streamed to its end", async () => {
    gate().upstream.on("/v1/chat/completions", produces(49));
    const { text, requestId } = await stream(gate(), "stream");
    expect(text).toContain("[DONE]");
    expect(text).not.toContain("insufficient_quota");
    expect(await gate().ledgerRow(requestId)).toMatchObject({ status: 200, cost_nano: 49n * TOKEN_NANO });
  });

  test("a stream that outlasts what is held for it holds more", async () => {
    gate().upstream.on("/v1/chat/completions", produces(40_000));
    const { text, requestId } = await stream(gate(), "rich");
    expect(text).toContain("[DONE]");
    expect(await gate().ledgerRow(requestId)).toMatchObject({ status: 200, cost_nano: 40_000n * TOKEN_NANO });
  }, 60_000);

  test("where no more is to be had, the stream uses what is held and ends there, and so does the vendor's work", async () => {
    gate().upstream.on("/v1/chat/completions", produces(60_000));
    const { text, requestId } = await stream(gate(), "long");
    expect(text).toContain("insufficient_quota");
    expect(text).not.toContain("[DONE]");
    const { cost_nano, output_tokens } = await gate().ledgerRow(requestId);
    expect(cost_nano).toBe(output_tokens * TOKEN_NANO);
    expect(Number(output_tokens)).toBeGreaterThanOrEqual(USUAL);
    expect(cost_nano).toBeLessThanOrEqual(20_000_000_000n);
    expect(await gate().upstream.last().hungUp).toBeGreaterThan(0);
  }, 60_000);
});
