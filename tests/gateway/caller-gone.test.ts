import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { chatRequest, chunks, completion, type Fixture, keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { json, type Scenario, silence, stream } from "@/tests/support/upstream";

const PATH = "/v1/chat/completions";
const ABORTED_WITHIN_MS = 1_000;
const [first] = chunks();
const halfWhole: Scenario = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" }).write("{");
};
const stalling = stream(`data: ${JSON.stringify(first)}\n\n`, { ending: "stall" });

/** Calls, leaves once the vendor has the request (and the caller the answer's head), and gives the ms until the vendor sees it. */
async function leave(fixture: Fixture, request: object, requestId: string, afterHead = false): Promise<number> {
  const seen = fixture.upstream.received.length;
  const leaving = new AbortController();
  const answer = fixture.chat(request, { signal: leaving.signal, headers: { "x-request-id": requestId } });
  const gone = answer.then((one) => one.text()).catch((error: unknown) => error);
  await expect.poll(() => fixture.upstream.received.length, { interval: 5 }).toBe(seen + 1);
  if (afterHead) await answer;
  await sleep(50);
  const leftAt = performance.now();
  leaving.abort();
  await gone;
  const hungUpAt = await Promise.race([fixture.upstream.last().hungUp, sleep(3_000, Number.POSITIVE_INFINITY)]);
  return hungUpAt - leftAt;
}

describe.each(mounts)("%s mount: when the caller leaves, the vendor's work stops at once", (mount) => {
  const gate = useGateway(mount);

  test.each<[string, Scenario, boolean, boolean]>([
    ["before a stream's first event", silence, true, false],
    ["in the middle of a stream", stalling, true, true],
    ["while a whole answer is made", silence, false, false],
    ["while a whole answer arrives", halfWhole, false, false],
  ])("%s", async (how, scenario, streamed, afterHead) => {
    gate().upstream.on(PATH, scenario);
    const requestId = `gone-${how.replaceAll(/\W/g, "-")}`;
    const tookMs = await leave(gate(), chatRequest("plain", { stream: streamed }), requestId, afterHead);
    expect(tookMs).toBeLessThan(ABORTED_WITHIN_MS);
    expect(await gate().ledgerRow(requestId)).toMatchObject({
      status: 499,
      error_kind: "cancelled",
      key_name: "caller",
    });
  });

  test("tokens that were produced for a caller who left are in the ledger", async () => {
    const spoken = chunks(["one two three four five six seven eight nine ten"]);
    const body = spoken
      .slice(0, 2)
      .map((one) => `data: ${JSON.stringify(one)}\n\n`)
      .join("");
    gate().upstream.on(PATH, stream(body, { ending: "stall" }));
    await leave(gate(), chatRequest("plain", { stream: true }), "gone-with-tokens", true);
    const row = await gate().ledgerRow("gone-with-tokens");
    expect(row).toMatchObject({ status: 499, estimated: true });
    expect(row.output_tokens).toBeGreaterThan(0n);
    expect(row.cost_nano).toBeGreaterThan(0n);
  });

  test("the place among the key's parallel calls is free again", async () => {
    gate().upstream.on(PATH, stalling);
    const leaving = new AbortController();
    const answer = await gate().chat(chatRequest("plain", { stream: true }), {
      key: keys.single,
      signal: leaving.signal,
    });
    const refused = await gate().chat(chatRequest(), { key: keys.single });
    expect(refused.status).toBe(429);
    leaving.abort();
    await answer.text().catch((error: unknown) => error);
    gate().upstream.on(PATH, json(completion()));
    await expect
      .poll(async () => (await gate().chat(chatRequest(), { key: keys.single })).status, { timeout: 2_000 })
      .toBe(200);
  });

  test("a caller who closes after the whole answer is no departure", async () => {
    const answer = await gate().chat(chatRequest(), { headers: { connection: "close" } });
    await answer.arrayBuffer();
    expect(await gate().ledgerRow(answer)).toMatchObject({ status: 200, error_kind: null });
  });
});
