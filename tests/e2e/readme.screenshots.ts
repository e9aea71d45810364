import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "@playwright/test";
import pg from "pg";
import { z } from "zod";
import { admin, issueKey } from "@/tests/e2e/admin-api";
import { type App, startApp } from "@/tests/e2e/app";
import { test as base, settled, visit } from "@/tests/e2e/test";
import { json, type Scenario, startUpstream, stream } from "@/tests/support/upstream";

/** `SCREENSHOTS=1 npm run test:e2e` takes the README's pictures: real calls to a played vendor, spread over an hour. */
const images = join(import.meta.dirname, "../../docs/images");
const CALLS = 260;
const AT_ONCE = 12;

const accounts = [
  { name: "openai", type: "openai", models: ["gpt-4o", "gpt-4o-mini"] },
  { name: "gpu-cluster", type: "openai-compatible", models: ["llama-3.3-70b"] },
] as const;
/** The address in the pictures is the one that a newcomer sees. */
const PORT = 5000;

const test = base.extend<object, { app: App }>({
  app: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern.
    async ({}, use) => {
      const app = await startApp(PORT);
      await use(app);
      await app.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
});

const callers = ["storefront", "support-bot", "search", "nightly-report"] as const;

test("the pictures of the README", async ({ page, app }) => {
  test.setTimeout(180_000);
  const random = randomFrom(7);
  const upstream = await startUpstream();
  upstream.on("/v1/chat/completions", (request, response) => answered(random)(request, response));
  await setUp(app, `${upstream.url}/v1`);
  const keys = await Promise.all(callers.map((name) => issueKey(app, name)));
  const remaining = Array.from({ length: CALLS }, () => callOf(random));
  const worker = async () => {
    for (let call = remaining.pop(); call; call = remaining.pop())
      await make(app, keys[call.caller]?.key ?? "", call.body);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await spreadOverAnHour(app, random);
  await upstream.stop();

  await visit(page, "/overview?range=1h");
  await expect(page.getByRole("img", { name: `${CALLS} calls over time` })).toBeVisible();
  await page.screenshot({ path: join(images, "overview.png"), animations: "disabled" });

  await visit(page, "/calls?model=gpt-4o&outcome=ok");
  await page.getByRole("row").filter({ hasText: "gpt-4o" }).nth(1).click();
  await expect(page.getByRole("dialog")).toContainText("Time to first token");
  await settled(page);
  await page.screenshot({ path: join(images, "call.png"), animations: "disabled" });
});

const Made = z.looseObject({ id: z.string() });
const Deployments = z.array(z.looseObject({ id: z.string(), modelName: z.string() }));

async function setUp(app: App, baseUrl: string): Promise<void> {
  for (const { name, type, models } of accounts) {
    const account = {
      name,
      type,
      baseUrl,
      allowPrivateNetwork: true,
      keys: [{ name: "main", apiKey: "sk-of-the-pictures" }],
    };
    const { id } = Made.parse(await admin(app, "POST", "/providers", account));
    const chosen = models.map((model) => ({ upstreamModel: model, name: model }));
    await admin(app, "POST", "/models/from-provider", { providerId: id, models: chosen });
  }
  const deployments = Deployments.parse(await admin(app, "GET", "/deployments"));
  const own = deployments.find((deployment) => deployment.modelName === "llama-3.3-70b");
  await admin(app, "PUT", `/deployments/${own?.id}/price`, { inputPerMillionUsd: "0.4", outputPerMillionUsd: "0.6" });
}

/** Numbers between 0 and 1 that are the same in every run: mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function callOf(random: () => number) {
  const models = ["gpt-4o", "gpt-4o-mini", "gpt-4o-mini", "llama-3.3-70b"] as const;
  const pick = (length: number) => Math.floor(random() ** 1.6 * length);
  const model = models[pick(models.length)];
  return {
    caller: pick(callers.length),
    body: { model, stream: random() < 0.8, messages: [{ role: "user", content: "Hello?" }] },
  };
}

async function make(app: App, key: string, body: object): Promise<void> {
  const answer = await fetch(`${app.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "user-agent": "OpenAI/JS 7.57.0" },
    body: JSON.stringify(body),
  });
  await answer.arrayBuffer();
}

function answered(random: () => number): Scenario {
  const output = 60 + Math.round(random() * 420);
  const input = 200 + Math.round(random() * 2_400);
  const cached = random() < 0.4 ? Math.round(input * 0.6) : 0;
  const usage = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
  };
  const fails = random() < 0.03;
  const firstMs = 120 + random() * 380;
  return async (request, response) => {
    const { model, stream: streamed } = z
      .looseObject({ model: z.string(), stream: z.boolean() })
      .parse(JSON.parse(request.body.toString()));
    await sleep(firstMs);
    if (fails)
      return json({ error: { message: "The server is overloaded.", type: "server_error" } }, { status: 503 })(
        request,
        response,
      );
    const base = { id: "chatcmpl-picture", created: 1_790_000_000, model };
    const message = { role: "assistant", content: "Hello! How can I help?" };
    if (!streamed) {
      const choices = [{ index: 0, message, finish_reason: "stop" }];
      return json({ ...base, object: "chat.completion", choices, usage })(request, response);
    }
    const event = (more: object) =>
      `data: ${JSON.stringify({ ...base, object: "chat.completion.chunk", ...more })}\n\n`;
    const words = message.content
      .split(/(?= )/)
      .map((content) => event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }));
    const events = [
      ...words,
      event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
      event({ choices: [], usage }),
    ];
    const body = `${events.join("")}data: [DONE]\n\n`;
    return stream(body, { split: events.map((one) => Buffer.byteLength(one)), everyMs: output / 2 })(request, response);
  };
}

/** Moves the ledger's calls from the moments that they were made at over the last hour. */
async function spreadOverAnHour(app: App, random: () => number): Promise<void> {
  const client = new pg.Client({ connectionString: app.databaseUrl });
  await client.connect();
  try {
    await expect.poll(async () => (await client.query("SELECT 1 FROM call")).rowCount).toBe(CALLS);
    const { rows } = await client.query<{ id: string }>("SELECT id FROM call ORDER BY started_at");
    const times = rows.map(() => new Date(Date.now() - 1_000 - agoMs(random)));
    await client.query("SELECT conduit_ensure_call_partition((now() - interval '1 hour')::date)");
    await client.query(
      "UPDATE call SET started_at = moved.at FROM unnest($1::uuid[], $2::timestamptz[]) AS moved(id, at) WHERE call.id = moved.id",
      [rows.map((row) => row.id), times],
    );
  } finally {
    await client.end();
  }
}

const SPAN_MS = 58 * 60_000;

/** More of them lately than at the beginning, in waves. */
function agoMs(random: () => number): number {
  for (;;) {
    const share = random();
    const busy = (1 - share * 0.6) * (0.7 + 0.3 * Math.cos(share * 14));
    if (random() < busy) return share * SPAN_MS;
  }
}
