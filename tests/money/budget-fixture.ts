import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type TestDatabase, testDatabase } from "@/tests/support/database";
import { type Gateway, startGateway } from "@/tests/support/gateway";
import { startTcpProxy, type TcpProxy } from "@/tests/support/tcp-proxy";
import { startUpstream, type Upstream } from "@/tests/support/upstream";

export const KEY = "condt_money_0123456789abcdefghijklmnopqrstuvwx";
/** May spend what it likes. */
export const FREE_KEY = "condt_free_0123456789abcdefghijklmnopqrstuvwxy";
/** Has a budget of its own, of the same size. */
export const OTHER_KEY = "condt_other_0123456789abcdefghijklmnopqrstuvwx";

export type Purse = { spent: bigint; leased: bigint };

/** Several apps on one database, whose key has one budget. */
export type Bank = {
  readonly upstream: Upstream;
  readonly apps: Gateway[];
  /** Between the apps and their database. */
  readonly line: TcpProxy;
  readonly sql: pg.Pool;
  /** Starts the app at this place anew, in its data directory. */
  restart(at: number): Promise<void>;
  /** What the ledger says was spent, in nano-dollars. */
  spent(): Promise<bigint>;
  purse(): Promise<Purse>;
  /** Throws with what it prints when totals and rows differ. */
  verify(): void;
  stop(): Promise<void>;
};

type Opening = {
  readonly processes: number;
  readonly limitUsd: number;
  readonly price: object;
  readonly env?: Record<string, string>;
  /** The data directory of an app by its place; left out, each has its own. */
  readonly dataDir?: (at: number) => string;
};

const project = join(import.meta.dirname, "../..");

/** A vendor that produces as many tokens as the request's `user` says, streamed or not, after a few milliseconds. */
async function vendor(): Promise<Upstream> {
  const upstream = await startUpstream();
  upstream.on("/v1/chat/completions", async ({ body }, response) => {
    const asked: { stream?: boolean; user?: string } = JSON.parse(body.toString());
    const tokens = Number(asked.user ?? 1);
    const usage = { prompt_tokens: 0, completion_tokens: tokens, total_tokens: tokens };
    const head = { id: "x", created: 1, model: "m" };
    await sleep(Math.random() * 20);
    if (!asked.stream) {
      const choices = [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }];
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...head, object: "chat.completion", choices, usage }));
      return;
    }
    const event = (choices: object[], more: object = {}): string =>
      `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices, ...more })}\n\n`;
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (let at = 0; at < 3; at++) {
      response.write(event([{ index: 0, delta: { content: "x" }, finish_reason: null }]));
      await sleep(Math.random() * 5);
    }
    response.end(`${event([{ index: 0, delta: {}, finish_reason: "stop" }])}${event([], { usage })}data: [DONE]\n\n`);
  });
  return upstream;
}

export async function openBank({ processes, limitUsd, price, env = {}, dataDir }: Opening): Promise<Bank> {
  const upstream = await vendor();
  const database: TestDatabase = await testDatabase();
  const line = await startTcpProxy(new URL(database.url));
  const sql = new pg.Pool({ connectionString: database.url, max: 2 });
  const root = mkdtempSync(join(tmpdir(), "conduit-bank-"));
  const config = {
    providers: [
      {
        name: "vendor",
        type: "openai-compatible",
        baseUrl: `${upstream.url}/v1`,
        allowPrivateNetwork: true,
        keys: [{ name: "k", apiKey: "sk-vendor" }],
      },
    ],
    models: [{ name: "m", deployments: [{ provider: "vendor", model: "m", price }] }],
    virtualKeys: [
      { name: "spender", key: KEY, models: ["*"], budgets: [{ period: "total", limitUsd }] },
      { name: "free", key: FREE_KEY, models: ["*"] },
      { name: "other", key: OTHER_KEY, models: ["*"], budgets: [{ period: "total", limitUsd }] },
    ],
  };
  const start = (at: number): Promise<Gateway> =>
    startGateway({
      mount: "server",
      databaseUrl: line.url(database.url),
      config,
      dataDir: dataDir?.(at) ?? join(root, String(at)),
      env: { CONDUIT_LOG_LEVEL: "warn", ...env },
    });
  const apps: Gateway[] = [];
  for (let at = 0; at < processes; at++) apps.push(await start(at));
  const number = async (text: string): Promise<bigint> =>
    BigInt((await sql.query<{ n: string | null }>(text)).rows[0]?.n ?? 0);
  return {
    upstream,
    apps,
    line,
    sql,
    restart: async (at) => {
      apps[at] = await start(at);
    },
    spent: () => number("SELECT sum(cost_nano)::text AS n FROM call"),
    purse: async () => ({
      spent: await number("SELECT sum(spent_nano)::text AS n FROM purse"),
      leased: await number("SELECT sum(leased_nano)::text AS n FROM purse"),
    }),
    verify: () => {
      const tsx = join(project, "node_modules/tsx/dist/cli.mjs");
      const env = { PATH: process.env.PATH, NODE_ENV: "test" as const, DATABASE_URL: database.url };
      execFileSync(process.execPath, [tsx, "cli/conduit.ts", "ledger", "verify"], { cwd: project, env });
    },
    stop: async () => {
      for (const app of apps) await app.stop();
      await sql.end();
      await line.stop();
      await upstream.stop();
      await database.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
