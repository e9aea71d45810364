import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { closingError, eventsOf } from "@/tests/support/events";
import { chatRequest, chunks, completion, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { json, silence } from "@/tests/support/upstream";

const PATH = "/v1/chat/completions";
const env = { CONDUIT_FIRST_BYTE_TIMEOUT_MS: "500", CONDUIT_IDLE_TIMEOUT_MS: "900", CONDUIT_TOTAL_TIMEOUT_MS: "3000" };

describe.each(mounts)("%s mount: every wait for a vendor has an end", (mount) => {
  const gate = useGateway(mount, { env });

  // A whole answer is one long wait for its first byte, so there the total time is the limit.
  test.each([
    ["a stream", true, 2_800],
    ["a whole answer", false, 6_000],
  ])("no first byte of %s: 504, and the vendor's connection is closed", async (_what, stream, withinMs) => {
    gate().upstream.on(PATH, silence);
    const begun = performance.now();
    const answer = await gate().chat(chatRequest("plain", { stream }));
    expect(answer.status).toBe(504);
    expect(performance.now() - begun).toBeLessThan(withinMs);
    expect(await answer.json()).toMatchObject({ error: { type: "api_error", code: "upstream_timeout", param: null } });
    expect(await gate().ledgerRow(answer)).toMatchObject({ status: 504, error_kind: "upstream_timeout" });
    expect((await gate().upstream.last().hungUp) - begun).toBeLessThan(withinMs + 200);
  });

  test("a stream that never ends is ended when the total time is up", async () => {
    gate().upstream.on(PATH, async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      while (!response.destroyed) {
        response.write(`data: ${JSON.stringify(chunks()[1])}\n\n`);
        await sleep(50);
      }
    });
    const begun = performance.now();
    const answer = await gate().chat(chatRequest("plain", { stream: true }));
    const text = await answer.text();
    const tookMs = performance.now() - begun;
    expect(tookMs).toBeGreaterThan(2_900);
    expect(tookMs).toBeLessThan(6_000);
    expect(closingError(text)).toMatchObject({ code: "upstream_timeout" });
    expect(eventsOf(text)).not.toContain("[DONE]");
    expect(await gate().ledgerRow(answer)).toMatchObject({ status: 504, error_kind: "upstream_timeout" });
  });

  test("a whole answer that trickles is ended when the total time is up", async () => {
    gate().upstream.on(PATH, async (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      while (!response.destroyed) {
        response.write(" ");
        await sleep(50);
      }
    });
    const answer = await gate().chat(chatRequest());
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ error: { code: "upstream_timeout" } });
  });

  test("an answer within the limits is not disturbed", async () => {
    gate().upstream.on(PATH, json(completion(), { afterMs: 300 }));
    const answer = await gate().chat(chatRequest());
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual(completion());
  });
});
