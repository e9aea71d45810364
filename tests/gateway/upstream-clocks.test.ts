import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readAll, type SendOptions, send, type UpstreamResponse } from "@/server/outbound/client";
import { type Scenario, startUpstream, type Upstream } from "@/tests/support/upstream";

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.stop());

function ask(scenario: Scenario, clocks: Partial<SendOptions> = {}): Promise<UpstreamResponse> {
  upstream.on("/", scenario);
  return send(
    { method: "POST", url: `${upstream.url}/`, headers: { "content-type": "text/plain" }, body: Buffer.from("?") },
    { firstByteMs: 400, idleMs: 400, allowPrivateNetwork: true, ...clocks },
  );
}

async function write(response: ServerResponse, texts: readonly string[], pauseMs: number): Promise<void> {
  response.writeHead(200, { "content-type": "text/plain" });
  for (const text of texts) {
    response.write(text);
    await sleep(pauseMs);
  }
}

/** What it rejects with, and after how many milliseconds. */
async function failure(asked: Promise<unknown>): Promise<{ error: unknown; afterMs: number }> {
  const begun = performance.now();
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, afterMs: performance.now() - begun };
}

test("an upstream that says nothing is waited for as long as its first byte may take, interim answers or not", async () => {
  const quiet = await failure(ask(() => undefined));
  expect(quiet.error).toMatchObject({ kind: "upstream_timeout", message: "The provider did not answer in time." });
  expect(quiet.afterMs).toBeGreaterThanOrEqual(400);
  expect(quiet.afterMs).toBeLessThan(1_000);
  const busy = await failure(
    ask(async (_request, response) => {
      for (let times = 0; times < 20; times++) {
        response.writeProcessing();
        await sleep(100);
      }
    }),
  );
  expect(busy.error).toMatchObject({ kind: "upstream_timeout" });
  expect(busy.afterMs).toBeLessThan(1_200);
});

test("a body may last for any time as long as it goes on, and ends where it stalls", async () => {
  const long = await ask(async (_request, response) => {
    await write(response, ["a", "b", "c", "d", "e", "f"], 200);
    response.end();
  });
  expect((await readAll(long, 100)).toString()).toBe("abcdef");
  const stalling = await ask((_request, response) => write(response, ["a", "b"], 10));
  const { error, afterMs } = await failure(readAll(stalling, 100));
  expect(error).toMatchObject({ kind: "upstream_timeout", message: "The provider's answer stalled." });
  expect(afterMs).toBeGreaterThanOrEqual(350);
});

test("a pause that the reader asks for does not count, and what follows it does", async () => {
  const response = await ask((_request, answer) => write(answer, ["a"], 0));
  const pieces: string[] = [];
  const reading = failure(response.pump((piece) => pieces.push(piece.toString())));
  response.pause();
  await sleep(1_000);
  response.resume();
  const { error, afterMs } = await reading;
  expect(pieces).toEqual(["a"]);
  expect(error).toMatchObject({ kind: "upstream_timeout", message: "The provider's answer stalled." });
  expect(afterMs).toBeGreaterThanOrEqual(1_350);
});
