import { describe, expect, test } from "vitest";
import { chatRequest, chunks, type Fixture, usageChunk, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { openAiEvents, stream } from "@/tests/support/upstream";

const PATH = "/v1/chat/completions";
const asking = chatRequest("plain", { stream: true, stream_options: { include_usage: true } });

async function relayed(fixture: Fixture, request: object = asking): Promise<string> {
  const answer = await fixture.chat(request);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer()).toString();
}

describe.each(mounts)("%s mount: a native upstream's stream passes byte by byte", (mount) => {
  const gate = useGateway(mount);

  test("with the headers that keep proxies from holding it back", async () => {
    gate().upstream.on(PATH, stream(openAiEvents([...chunks(), usageChunk()])));
    const answer = await gate().chat(asking);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": expect.stringMatching(/^text\/event-stream/),
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-conduit-provider": "vendor",
    });
    expect(answer.headers.get("content-encoding")).toBeNull();
    await answer.text();
  });

  test.each([
    ["as OpenAI writes it", openAiEvents([...chunks(), usageChunk()])],
    ["with CRLF line ends", openAiEvents([...chunks(), usageChunk()], "\r\n")],
    [
      "with comments, ids, retry hints and unknown fields",
      `: hello\n\nid: 7\nretry: 100\ndata: ${JSON.stringify(chunks()[0])}\n\n:keep-alive\n\nevent: message\ndata:${JSON.stringify(chunks()[1])}\nnew: 1\n\n${openAiEvents([chunks().at(-1) ?? {}, usageChunk()])}`,
    ],
    [
      "with fields and numbers that no parser would keep",
      openAiEvents([
        '{ "choices":[{"index":0,"delta":{"content":"a","n":12345678901234567890}}], "obfuscation":"x" }',
        ...chunks(),
        usageChunk(),
      ]),
    ],
  ])("%s, one byte at a time", async (_how, body) => {
    gate().upstream.on(PATH, stream(body, { split: "every byte", everyMs: 0 }));
    expect(await relayed(gate())).toBe(body);
  });

  // In the middle of characters, of "data:", of line ends, of the usage chunk, of [DONE] — and with the usage read right.
  test("cut in two at every byte", async () => {
    const body = openAiEvents([...chunks(["ü世👋"]).slice(1), usageChunk()], "\r\n");
    const length = Buffer.byteLength(body);
    gate().upstream.on(PATH, (request, response) => {
      const { cut } = JSON.parse(request.body.toString());
      return stream(body, { split: [cut], everyMs: 2 })(request, response);
    });
    const offsets = Array.from({ length: length - 1 }, (_, index) => index + 1);
    const lanes = Array.from({ length: 8 }, async () => {
      for (let cut = offsets.shift(); cut !== undefined; cut = offsets.shift()) {
        expect(await relayed(gate(), { ...asking, cut }), `cut at ${cut}`).toBe(body);
      }
    });
    await Promise.all(lanes);
    await expect
      .poll(
        async () =>
          (
            await gate().sql.query(
              "SELECT count(*)::int AS n FROM call WHERE stream AND output_tokens = 4 AND status = 200 AND operation = 'chat'",
            )
          ).rows[0]?.n,
        { timeout: 5_000 },
      )
      .toBeGreaterThanOrEqual(length - 1);
    const wrong = await gate().sql.query(
      "SELECT count(*)::int AS n FROM call WHERE stream AND (output_tokens <> 4 OR status <> 200 OR error_kind IS NOT NULL)",
    );
    expect(wrong.rows[0]?.n).toBe(0);
  });

  test("an event reaches the caller before the next one exists", async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const [first, ...rest] = chunks();
    gate().upstream.on(PATH, async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${JSON.stringify(first)}\n\n`);
      await released;
      response.end(openAiEvents(rest));
    });
    const answer = await gate().chat(asking);
    const reader = answer.body?.getReader();
    const piece = await reader?.read();
    expect(Buffer.from(piece?.value ?? []).toString()).toBe(`data: ${JSON.stringify(first)}\n\n`);
    release();
    for (;;) if ((await reader?.read())?.done !== false) break;
  });
});
