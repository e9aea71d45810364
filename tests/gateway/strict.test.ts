import { describe, expect, test } from "vitest";
import { chatRequest, keys, useGateway } from "@/tests/support/fixture";
import { json } from "@/tests/support/upstream";

/** Anthropic's Messages have no word for it. */
const lossy = chatRequest("foreign", { logit_bias: { "50256": -100 } });
const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "foreign-model-1",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 1, output_tokens: 1 },
};

describe("what cannot be carried to the provider", () => {
  const gate = useGateway("server");

  test("is named in the answer", async () => {
    gate().upstream.on("/v1/messages", json(message));
    const answer = await gate().chat(lossy);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-conduit-dropped")).toBe("logit_bias");
  });

  test("is refused for a request that wants all or nothing, before anything is sent", async () => {
    const before = gate().upstream.received.length;
    const answer = await gate().chat(lossy, { headers: { "x-conduit-strict": "true" } });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error", param: "logit_bias" } });
    expect(gate().upstream.received).toHaveLength(before);
  });

  test("is refused for every request of a strict key, within a second of the change", async () => {
    gate().upstream.on("/v1/messages", json(message));
    expect((await gate().chat(lossy, { key: keys.spare })).status).toBe(200);
    await gate().sql.query("UPDATE virtual_key SET strict = true WHERE name = 'spare'");
    await expect.poll(async () => (await gate().chat(lossy, { key: keys.spare })).status, { timeout: 2_000 }).toBe(400);
  });
});
