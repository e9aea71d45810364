import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "@/tests/support/database";
import { configFor } from "@/tests/support/fixture";
import { launch, type Start, secrets, startGateway } from "@/tests/support/gateway";
import { freePort } from "@/tests/support/postgres";

const noSecrets = Object.fromEntries(Object.keys(secrets).map((name) => [name, ""]));

describe("the server refuses to start where it could not serve safely, and says why", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.stop());

  /** Starts it, expects it to end by itself with an error, and gives what it said. */
  async function refusal(start: Partial<Start>): Promise<string> {
    const gateway = await launch({ mount: "server", databaseUrl: database.url, ...start });
    const code = await Promise.race([
      gateway.exited,
      new Promise((resolve) => setTimeout(resolve, 8_000, "still running")),
    ]);
    const output = gateway.output();
    await gateway.stop();
    expect(code, output).toBe(1);
    expect(output, "a reason, not a stack").not.toMatch(/^\s+at .*\(.*:\d+:\d+\)/m);
    return output;
  }

  test("the port is taken", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => squatter.once("listening", resolve));
    const address = squatter.address();
    const port = typeof address === "object" && address ? String(address.port) : "";
    const output = await refusal({ env: { PORT: port } });
    squatter.close();
    expect(output).toContain(port);
    expect(output).toMatch(/in use|taken/i);
  });

  test("others can reach it and it has no secrets of its own: each missing one is named", async () => {
    const output = await refusal({ env: { HOST: "0.0.0.0", ...noSecrets } });
    for (const name of Object.keys(secrets)) expect(output).toContain(name);
  });

  test("Next alone may listen everywhere: each missing one is named there too, unless HOST says that it does not", async () => {
    const gateway = await launch({ mount: "next", databaseUrl: database.url, env: { HOST: "", ...noSecrets } });
    await expect.poll(() => gateway.output(), { timeout: 15_000 }).toContain("CONDUIT_ENCRYPTION_KEY is not set");
    await gateway.stop();
  }, 30_000);

  test("others can reach it and one secret is too short: that one is named, its value is not told", async () => {
    const output = await refusal({ env: { HOST: "0.0.0.0", SESSION_SECRET: "tooshort1" } });
    expect(output).toContain("SESSION_SECRET");
    expect(output).not.toContain("CONDUIT_ENCRYPTION_KEY");
    expect(output).not.toContain("tooshort1");
  });

  test.each<[string, object, RegExp]>([
    ["an unknown field", { ...configFor("http://127.0.0.1:1"), modles: [] }, /modles/],
    [
      "an unknown field deep inside",
      {
        ...configFor("http://127.0.0.1:1"),
        virtualKeys: [{ name: "a", key: "condt_abcdefgh0123456789", limits: { rmp: 1 } }],
      },
      /virtualKeys.*rmp/s,
    ],
    [
      "a reference to nothing",
      { models: [{ name: "m", deployments: [{ provider: "ghost", model: "x" }] }] },
      /models.*ghost/s,
    ],
    [
      "a variable that is not set",
      {
        providers: [{ name: "p", type: "openai", keys: [{ name: "k", apiKey: ["$", "{NOT_SET_ANYWHERE}"].join("") }] }],
      },
      /providers.*NOT_SET_ANYWHERE/s,
    ],
  ])("conduit.json holds %s: its path is named", async (_what, config, message) => {
    expect(await refusal({ config })).toMatch(message);
  });

  test("an environment variable that cannot be read: it is named", async () => {
    expect(await refusal({ env: { CONDUIT_IDLE_TIMEOUT_MS: "soon" } })).toContain("CONDUIT_IDLE_TIMEOUT_MS");
  });

  test("the database does not answer in time: its host is named, its password is not", async () => {
    const port = await freePort();
    const output = await refusal({
      databaseUrl: `postgresql://u:pass-of-database@127.0.0.1:${port}/x`,
      env: { CONDUIT_DATABASE_WAIT_MS: "700" },
    });
    expect(output).toContain(`127.0.0.1:${port}`);
    expect(output).not.toContain("pass-of-database");
  });
});

test("on loopback it makes its own secrets, keeps them in a file that others cannot read, and keeps the same ones", async () => {
  const database = await testDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), "conduit-test-data-"));
  const start = {
    mount: "server",
    databaseUrl: database.url,
    dataDir,
    env: { ...noSecrets, CONDUIT_ROLE: "all" },
  } as const;
  const first = await startGateway(start);
  const ready = /condt_[\w-]{40,}/;
  await expect.poll(() => first.output(), { timeout: 5_000 }).toMatch(ready);
  const printed = ready.exec(first.output())?.[0];
  await first.stop();
  const file = join(dataDir, "secrets.json");
  expect(existsSync(file)).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const second = await startGateway(start);
  const answer = await fetch(`${second.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${printed}` },
    body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hello" }] }),
  });
  expect(answer.status).toBe(200);
  expect((await answer.json()).usage.completion_tokens).toBeGreaterThan(5);
  await second.stop();
  rmSync(dataDir, { recursive: true, force: true });
  await database.stop();
});

test("while the database is waited for, calls are told to come again, also those of pages elsewhere", async () => {
  const gateway = await launch({
    mount: "server",
    databaseUrl: `postgresql://conduit@127.0.0.1:${await freePort()}/conduit`,
  });
  const call = () =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { origin: "https://app.example", authorization: "Bearer condt_none" },
      body: "{}",
    });
  await expect.poll(async () => (await call().catch(() => undefined))?.status, { timeout: 10_000 }).toBe(503);
  const answer = await call();
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(await answer.json()).toMatchObject({ error: { message: "Conduit is starting.", code: expect.any(String) } });
  const preflight = await fetch(`${gateway.url}/v1/models`, { method: "OPTIONS", headers: { origin: "https://a.b" } });
  expect(preflight.status).toBe(204);
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503);
  await gateway.stop();
}, 30_000);
