import { describe, expect, test } from "vitest";
import { closingError, eventsOf } from "@/tests/support/events";
import { chatRequest, chunks, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { namedEvents, openAiEvents, stream } from "@/tests/support/upstream";

const PATH = "/v1/chat/completions";
const streaming = chatRequest("plain", { stream: true });
const whole = openAiEvents(chunks());
const started = whole.slice(0, whole.indexOf("世"));
const beforeEvent = Buffer.from(started).lastIndexOf("\n\n") + 2;

describe.each(mounts)("%s mount: a stream that breaks never looks like a success", (mount) => {
  const gate = useGateway(mount, { env: { CONDUIT_IDLE_TIMEOUT_MS: "400" } });

  test.each([
    ["closes the socket between events", stream(Buffer.from(whole).subarray(0, beforeEvent), { ending: "cut" })],
    ["closes the socket within an event", stream(started, { ending: "cut" })],
    ["ends properly, but within an event", stream(started)],
    ["ends properly, but without a terminal event", stream(Buffer.from(whole).subarray(0, beforeEvent))],
  ])(
    "a vendor that %s: what came is relayed, then an error event, and the ledger has the error",
    async (_how, scenario) => {
      gate().upstream.on(PATH, scenario);
      const answer = await gate().chat(streaming);
      expect(answer.status).toBe(200);
      const text = await answer.text();
      const events = eventsOf(text);
      expect(events[0]).toBe(JSON.stringify(chunks()[0]));
      expect(events).not.toContain("[DONE]");
      expect(closingError(text)).toMatchObject({ type: "api_error", code: "upstream_unavailable" });
      // Every line before the error is a whole one: an SDK parses each as JSON.
      for (const event of events) expect(() => JSON.parse(event)).not.toThrow();
      expect(await gate().ledgerRow(answer)).toMatchObject({
        status: 502,
        error_kind: "upstream_unavailable",
        stream: true,
      });
    },
  );

  test("a vendor that falls silent: an error event when the idle time is up", async () => {
    gate().upstream.on(PATH, stream(Buffer.from(whole).subarray(0, beforeEvent), { ending: "stall" }));
    const begun = performance.now();
    const answer = await gate().chat(streaming);
    const text = await answer.text();
    expect(performance.now() - begun).toBeLessThan(2_500);
    expect(closingError(text)).toMatchObject({ type: "api_error", code: "upstream_timeout" });
    expect(eventsOf(text)).not.toContain("[DONE]");
    expect(await gate().ledgerRow(answer)).toMatchObject({ status: 504, error_kind: "upstream_timeout" });
    const hungUp = await Promise.race([
      gate().upstream.last().hungUp,
      new Promise((resolve) => setTimeout(resolve, 1_000, "open")),
    ]);
    expect(hungUp).not.toBe("open");
  });

  test("a vendor that breaks before the first event: a plain error with its status, not a stream", async () => {
    gate().upstream.on(PATH, stream(": hello\n\n", { ending: "cut" }));
    const answer = await gate().chat(streaming);
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ error: { code: "upstream_unavailable" } });
  });

  test("a vendor that is silent before the first event: a plain 504", async () => {
    gate().upstream.on(PATH, stream(": hello\n\n", { ending: "stall" }));
    const answer = await gate().chat(streaming);
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ error: { code: "upstream_timeout" } });
  });

  test("an error event of the vendor's own in mid-stream ends the call as an error", async () => {
    const [role, first] = chunks();
    const body = `data: ${JSON.stringify(role)}\n\ndata: ${JSON.stringify(first)}\n\ndata: ${JSON.stringify({ error: { message: "The engine is overloaded.", type: "server_error", param: null, code: null } })}\n\n`;
    gate().upstream.on(PATH, stream(body));
    const answer = await gate().chat(streaming);
    const text = await answer.text();
    expect(closingError(text).message).toContain("The engine is overloaded.");
    expect(eventsOf(text)).not.toContain("[DONE]");
    expect((await gate().ledgerRow(answer)).error_kind).not.toBeNull();
  });

  test("events that are not JSON do not become the caller's problem silently", async () => {
    gate().upstream.on("/v1/messages", stream("event: message_start\ndata: {oops\n\n"));
    const answer = await gate().chat(chatRequest("foreign", { stream: true }));
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ error: { code: "upstream_garbled" } });
  });

  test("a translated stream that is cut ends with an error event too", async () => {
    const begun = [
      {
        type: "message_start",
        message: {
          id: "msg_1",
          type: "message",
          role: "assistant",
          model: "m",
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 5, output_tokens: 1 },
        },
      },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hel" } },
    ];
    gate().upstream.on("/v1/messages", stream(namedEvents(begun), { ending: "cut" }));
    const answer = await gate().chat(chatRequest("foreign", { stream: true }));
    const text = await answer.text();
    expect(text).toContain('"content":"Hel"');
    expect(closingError(text)).toMatchObject({ code: "upstream_unavailable" });
    expect(eventsOf(text)).not.toContain("[DONE]");
    // It was asked once more, as there is no other to go on, and bills both times.
    expect(await gate().ledgerRow(answer)).toMatchObject({ error_kind: "upstream_unavailable", input_tokens: 10n });
  });
});
