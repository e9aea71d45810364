import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { chatRequest, chunks, keys, useGateway } from "@/tests/support/fixture";
import { type Gateway, mounts } from "@/tests/support/gateway";
import { openAiEvents } from "@/tests/support/upstream";

const EVENT = Buffer.from(`data: ${JSON.stringify(chunks(["x".repeat(16_000)])[1])}\n\n`);
const EVENTS = 4_000;
/** What sockets and streams on the way may hold; without back-pressure all 64 MB would be taken in. */
const HELD_AT_MOST = 24 * 1024 * 1024;

describe.each(mounts)("%s mount: a slow reader slows the vendor down", (mount) => {
  const gate = useGateway(mount);

  test("the stream waits for its reader, then arrives whole", async () => {
    let written = 0;
    const end = openAiEvents([chunks().at(-1) ?? {}]);
    gate().upstream.on("/v1/chat/completions", async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let event = 0; event < EVENTS && !response.destroyed; event++) {
        if (!response.write(EVENT)) await once(response, "drain");
        written += EVENT.length;
      }
      response.end(end);
    });
    const answer = await open(gate().gateway);
    await expect.poll(() => written).toBeGreaterThan(0);
    await sleep(1_500);
    const whileWaiting = written;
    await sleep(300);
    expect(written).toBe(whileWaiting);
    expect(written).toBeLessThan(HELD_AT_MOST);
    let received = 0;
    for await (const piece of answer) received += piece.length;
    expect(received).toBe(EVENTS * EVENT.length + Buffer.byteLength(end));
  }, 40_000);
});

/** Begins a streamed call and gives its answer unread. */
async function open(gateway: Gateway): Promise<IncomingMessage> {
  const call = request(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${keys.caller}` },
  });
  call.end(JSON.stringify(chatRequest("plain", { stream: true })));
  const [answer] = await once(call, "response");
  return answer.pause();
}
