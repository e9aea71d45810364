import { request as httpRequest } from "node:http";
import { describe, expect, test } from "vitest";
import { chatRequest, keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";

const LIMIT_BYTES = 4_096;

describe.each(mounts)("%s mount: a bad request is refused before the vendor sees it", (mount) => {
  const gate = useGateway(mount, { env: { CONDUIT_MAX_BODY_BYTES: String(LIMIT_BYTES) } });
  const message = { role: "user", content: "x" };

  test.each<[string, object | string, string | null]>([
    ["is not JSON", "{oops", null],
    ["is empty", "", null],
    ["is a list", "[]", null],
    ["is null", "null", null],
    ["is a text", '"plain"', null],
    ["names no model", { messages: [message] }, "model"],
    ["has a number for a model", { model: 7, messages: [message] }, "model"],
    ["has an empty model", { model: "", messages: [message] }, "model"],
    ["has no messages", { model: "plain" }, "messages"],
    ["has empty messages", { model: "plain", messages: [] }, "messages"],
    ["has a text for messages", { model: "plain", messages: "hi" }, "messages"],
    ["has a text among its messages", { model: "plain", messages: ["hi"] }, "messages.0"],
    ["has a message without a role", { model: "plain", messages: [message, { content: "x" }] }, "messages.1.role"],
    ["has a text for stream", { ...chatRequest(), stream: "yes" }, "stream"],
    ["has a text for max_tokens", { ...chatRequest(), max_tokens: "5" }, "max_tokens"],
    ["has a negative max_tokens", { ...chatRequest(), max_completion_tokens: -1 }, "max_completion_tokens"],
    ["has a list for stream_options", { ...chatRequest(), stream: true, stream_options: [] }, "stream_options"],
  ])("that %s: 400 with the field's path", async (_how, body, param) => {
    const seen = gate().upstream.received.length;
    const answer = await gate().chat(body);
    expect(answer.status).toBe(400);
    const { error } = await answer.json();
    expect(error).toMatchObject({ type: "invalid_request_error", param });
    expect(error.message).toMatch(/\S/);
    expect(gate().upstream.received.length).toBe(seen);
    expect(await gate().ledgerRow(answer)).toMatchObject({ status: 400, error_kind: "invalid_request" });
  });

  test("a body over the limit is a 413, whether its length is announced or not", async () => {
    const text = JSON.stringify(chatRequest("plain", { padding: "x".repeat(LIMIT_BYTES) }));
    const announced = await gate().chat(text);
    expect(announced.status).toBe(413);
    expect(await announced.json()).toMatchObject({
      error: { type: "invalid_request_error", code: "payload_too_large" },
    });
    expect(await sendChunked(gate().gateway.port, text)).toBe(413);
  });

  test("a body just within the limit is served", async () => {
    const bare = JSON.stringify(chatRequest("plain", { padding: "" })).length;
    const answer = await gate().chat(chatRequest("plain", { padding: "x".repeat(LIMIT_BYTES - bare) }));
    expect(answer.status).toBe(200);
  });

  test("bytes that are not UTF-8 do no harm", async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"model":"plain","messages":[{"role":"user","content":"'),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('"}]}'),
    ]);
    const answer = await fetch(`${gate().gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${keys.caller}` },
      body: bytes,
    });
    expect([200, 400]).toContain(answer.status);
  });

  test("depth that would break a recursive reader does no harm", async () => {
    const deep = `{"model":"plain","messages":[{"role":"user","content":${"[".repeat(1_900)}${"]".repeat(1_900)}}]}`;
    const answer = await gate().chat(deep);
    expect([200, 400]).toContain(answer.status);
    expect((await gate().chat(chatRequest())).status).toBe(200);
  });

  test("the content type does not matter, the content does", async () => {
    const answer = await gate().chat(chatRequest(), { headers: { "content-type": "text/plain" } });
    expect(answer.status).toBe(200);
  });
});

/** Sends a body without its length and gives the status. */
function sendChunked(port: number, text: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      port,
      host: "127.0.0.1",
      path: "/v1/chat/completions",
      method: "POST",
      headers: { authorization: `Bearer ${keys.caller}` },
    });
    request.once("response", (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once("error", reject);
    for (let at = 0; at < text.length; at += 1_000) request.write(text.slice(at, at + 1_000));
    request.end();
  });
}
