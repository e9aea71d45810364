import { describe, expect, test } from "vitest";
import { chunks, keys, usageChunk, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { json, openAiEvents, stream } from "@/tests/support/upstream";

const asked = JSON.stringify({ contents: [{ role: "user", parts: [{ text: "hi" }] }] });
const answer = {
  id: "x",
  object: "chat.completion",
  created: 1,
  model: "vendor-model-1",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello there" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};

describe.each(mounts)("%s mount: callers of Gemini's API", (mount) => {
  const gate = useGateway(mount);
  const call = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${gate().gateway.url}/v1beta/models/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: asked,
    });

  test.each([
    ["in a header", "plain:generateContent", { "x-goog-api-key": keys.caller }],
    ["in the query", `plain:generateContent?key=${keys.caller}`, {}],
    ["as a bearer", "plain:generateContent", { authorization: `Bearer ${keys.caller}` }],
  ])("are answered with their key %s", async (_where, path, headers) => {
    gate().upstream.on("/v1/chat/completions", json(answer));
    const response = await call(path, headers);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      candidates: [{ content: { parts: [{ text: "Hello there" }], role: "model" }, finishReason: "STOP" }],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    });
    expect(await gate().ledgerRow(response)).toMatchObject({ dialect: "gemini", status: 200 });
  });

  test("get a stream of events, or a list where they do not ask for events", async () => {
    gate().upstream.on("/v1/chat/completions", stream(openAiEvents([...chunks(["a", "b"]), usageChunk()])));
    const key = { "x-goog-api-key": keys.caller };
    const events = await (await call("plain:streamGenerateContent?alt=sse", key)).text();
    const texts = events
      .split("\r\n\r\n")
      .flatMap((event) => event.split("\n\n"))
      .filter((event) => event.startsWith("data: "))
      .map((event) => JSON.parse(event.slice(6)));
    expect(JSON.stringify(texts)).toContain('"text":"a"');
    const listed: unknown = await (await call("plain:streamGenerateContent", key)).json();
    expect(Array.isArray(listed)).toBe(true);
  });

  test("are refused in Google's form", async () => {
    const response = await call("plain:generateContent", { "x-goog-api-key": "condt_unknown" });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 401, status: "UNAUTHENTICATED" } });
  });
});
