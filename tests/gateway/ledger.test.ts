import { describe, expect, test } from "vitest";
import { eventsOf } from "@/tests/support/events";
import { chatRequest, chunks, completion, expectedUsage, keys, usageChunk, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { json, openAiEvents, stream } from "@/tests/support/upstream";

const PATH = "/v1/chat/completions";

describe.each(mounts)("%s mount: every call becomes one ledger row with its tokens and cost", (mount) => {
  const gate = useGateway(mount);

  test("a whole call", async () => {
    const answer = await gate().chat(chatRequest(), { headers: { "user-agent": "test-agent/1" } });
    await answer.arrayBuffer();
    const row = await gate().ledgerRow(answer);
    expect(row).toMatchObject({
      ...expectedUsage,
      status: 200,
      error_kind: null,
      stream: false,
      operation: "chat",
      dialect: "chat",
      key_name: "caller",
      model: "plain",
      upstream_model: "vendor-model-1",
      provider_name: "vendor",
      provider_key_name: "main",
      finish_reason: "stop",
      attempts: 1,
      user_agent: "test-agent/1",
      client_ip: expect.stringMatching(/^(::ffff:)?127\.0\.0\.1$/),
      price_id: expect.any(String),
      duration_ms: expect.any(Number),
    });
  });

  test("a streamed call whose caller asked for usage, and sees it", async () => {
    const body = openAiEvents([...chunks(), usageChunk()]);
    gate().upstream.on(PATH, stream(body));
    const answer = await gate().chat(chatRequest("plain", { stream: true, stream_options: { include_usage: true } }));
    expect(await answer.text()).toBe(body);
    const row = await gate().ledgerRow(answer);
    expect(row).toMatchObject({ ...expectedUsage, status: 200, stream: true, finish_reason: "stop" });
    expect(row.first_token_ms).toEqual(expect.any(Number));
  });

  test.each([
    ["did not ask for usage", {}],
    ["said no to usage", { stream_options: { include_usage: false, other: 1 } }],
    ["said nothing of usage in its options", { stream_options: {} }],
    ["gave null for options", { stream_options: null }],
  ])("a streamed call whose caller %s: the gateway asks, counts, and hides that chunk", async (_how, more) => {
    const seen = openAiEvents(chunks());
    const whole = openAiEvents([...chunks(), usageChunk()]);
    gate().upstream.on(PATH, stream(whole, { split: "every byte", everyMs: 0 }));
    const answer = await gate().chat(chatRequest("plain", { stream: true, ...more }));
    expect(await answer.text()).toBe(seen);
    const sent = JSON.parse(gate().upstream.last().body.toString());
    expect(sent).toEqual({
      ...chatRequest("vendor-model-1", { stream: true, ...more }),
      stream_options: { ...(more as { stream_options?: object | null }).stream_options, include_usage: true },
    });
    expect(await gate().ledgerRow(answer)).toMatchObject({ ...expectedUsage, status: 200 });
  });

  test("the hidden chunk is hidden in a stream with CRLF line ends, wherever it is cut", async () => {
    const whole = openAiEvents([...chunks(), usageChunk()], "\r\n");
    gate().upstream.on(PATH, stream(whole, { split: "every byte", everyMs: 0 }));
    const answer = await gate().chat(chatRequest("plain", { stream: true }));
    expect(eventsOf(await answer.text())).toEqual(eventsOf(openAiEvents(chunks())));
    expect(await gate().ledgerRow(answer)).toMatchObject(expectedUsage);
  });

  test("usage that rides on the last content chunk is counted, and that chunk is not hidden", async () => {
    const all = chunks();
    const body = openAiEvents([...all.slice(0, -1), { ...all.at(-1), usage: completion().usage }]);
    gate().upstream.on(PATH, stream(body));
    const answer = await gate().chat(chatRequest("plain", { stream: true }));
    expect(await answer.text()).toBe(body);
    expect(await gate().ledgerRow(answer)).toMatchObject(expectedUsage);
  });

  test("an injected wish for usage leaves big numbers in the request as they are", async () => {
    gate().upstream.on(PATH, stream(openAiEvents(chunks())));
    const text =
      '{"stream":true,"seed":12345678901234567890,"messages":[{"role":"user","content":"x"}],"model":"plain"}';
    await (await gate().chat(text)).text();
    const sent = gate().upstream.last().body.toString();
    expect(sent).toContain("12345678901234567890");
    expect(JSON.parse(sent)).toMatchObject({ stream_options: { include_usage: true }, model: "vendor-model-1" });
  });

  test("a vendor that says nothing of usage: the row has an estimate and says so", async () => {
    gate().upstream.on(PATH, stream(openAiEvents(chunks(["word ".repeat(40)]))));
    const answer = await gate().chat(chatRequest("plain", { stream: true }));
    await answer.text();
    const row = await gate().ledgerRow(answer);
    expect(row.estimated).toBe(true);
    expect(Number(row.output_tokens)).toBeGreaterThan(10);
    expect(Number(row.output_tokens)).toBeLessThan(150);
    expect(row.cost_nano).toBeGreaterThan(0n);
  });

  test("texts that the database cannot hold do not stop the ledger", async () => {
    const bad = ["\u0000", "\ud800", "a\u0000b\udfff"];
    for (const text of bad) {
      gate().upstream.on(
        PATH,
        json(
          completion({ choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: text }] }),
        ),
      );
      await (await gate().chat(chatRequest("plain", { [text]: 1 }))).arrayBuffer();
      await (await gate().chat(chatRequest("foreign", { [text]: 1 }))).arrayBuffer();
      await (await gate().chat(chatRequest(text))).arrayBuffer();
      await (await gate().chat(chatRequest(`vendor/${text}`))).arrayBuffer();
      gate().upstream.on(PATH, json({ error: { message: text, type: text, code: text } }, { status: 400 }));
      await (await gate().chat(chatRequest("plain", { user: text }))).arrayBuffer();
    }
    gate().upstream.on(PATH, json(completion()));
    const answer = await gate().chat(chatRequest());
    await answer.arrayBuffer();
    expect(await gate().ledgerRow(answer)).toMatchObject(expectedUsage);
  });

  test("refused calls are in the ledger too, and cost nothing", async () => {
    const answer = await gate().chat(chatRequest("no-such-model"));
    await answer.arrayBuffer();
    const row = await gate().ledgerRow(answer);
    expect(row).toMatchObject({
      status: 404,
      error_kind: "model_not_found",
      key_name: "caller",
      model: "no-such-model",
      cost_nano: 0n,
    });
  });

  test("the key's last use and the hourly sums move with the rows", async () => {
    const sums = async () =>
      (
        await gate().sql.query(
          "SELECT sum(calls) AS calls, sum(cost_nano) AS cost FROM call_rollup r JOIN virtual_key k ON k.id::text = r.key_id WHERE k.name = 'narrow'",
        )
      ).rows[0];
    const before = await sums();
    for (let n = 0; n < 3; n++) {
      const answer = await gate().chat(chatRequest(), { key: keys.narrow });
      await answer.arrayBuffer();
      await gate().ledgerRow(answer);
    }
    const after = await sums();
    expect(BigInt(after?.calls ?? 0) - BigInt(before?.calls ?? 0)).toBe(3n);
    expect(BigInt(after?.cost ?? 0) - BigInt(before?.cost ?? 0)).toBe(3n * expectedUsage.cost_nano);
    const key = await gate().sql.query("SELECT last_used_at FROM virtual_key WHERE name = 'narrow'");
    expect(Date.now() - key.rows[0]?.last_used_at.getTime()).toBeLessThan(10_000);
  });

  test("the stream that a caller sees holds only chunks and [DONE]", async () => {
    gate().upstream.on(PATH, stream(openAiEvents([...chunks(), usageChunk()])));
    const answer = await gate().chat(chatRequest("plain", { stream: true }));
    const events = eventsOf(await answer.text());
    expect(events.at(-1)).toBe("[DONE]");
    expect(events).toHaveLength(chunks().length + 1);
  });
});
