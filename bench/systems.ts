import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { requestBytes } from "@/bench/client";
import nodeSettings from "@/cli/node-settings.json";
import { freePort, startTestPostgres, type TestPostgres } from "@/tests/support/postgres";

/** What a call asks for: a whole answer, the same by a key with a budget and limits, or a stream of that many content events. */
export type Kind = "whole" | "limited" | "events-2" | "events-50" | "events-200";
const models = ["whole", "events-2", "events-50", "events-200"];

/** A running program that answers `POST /v1/chat/completions`. */
export type System = {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Its keys may have budgets and limits. */
  readonly limits: boolean;
  /** A request's bytes, head and body. */
  request(kind: Kind): Buffer;
  stop(): Promise<void>;
};

const root = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "conduit-bench-"));
// The embedded database may run as another user, who has to get in.
chmodSync(scratch, 0o755);
const KEY = "condt_bench_0123456789abcdefghijklmnopqrstuv";
const LIMITED_KEY = "condt_limited_0123456789abcdefghijklmnopqrst";
const READY_WITHIN_MS = 30_000;

/** The benchmark's own programs as plain JavaScript, so that nothing but them is measured. */
export async function compile(): Promise<void> {
  await build({
    entryPoints: ["upstream", "floor"].map((name) => join(root, "bench", `${name}.ts`)),
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    outdir: join(root, ".build/bench"),
    outExtension: { ".js": ".mjs" },
    logLevel: "warning",
  });
}

/** The vendor: everything else sends its calls here. */
export async function startUpstream(intervalMs: number): Promise<System> {
  const port = await freePort();
  const env = { PORT: String(port), INTERVAL_MS: String(intervalMs) };
  return started({ name: "direct", port, args: [join(root, ".build/bench/upstream.mjs")], env });
}

/** The least that a proxy can do. */
export async function startFloor(upstream: System): Promise<System> {
  const port = await freePort();
  const env = { PORT: String(port), UPSTREAM: `http://127.0.0.1:${upstream.port}/v1` };
  return started({ name: "bare node:http + undici", port, args: [join(root, ".build/bench/floor.mjs")], env });
}

/** With what the gateway is called. */
export const bearer = { authorization: `Bearer ${KEY}` };

export type Mount = "gateway" | "all" | "next";
const mountNames: Record<Mount, string> = {
  gateway: "server mount, role gateway",
  all: "server mount, role all",
  next: "Next mount (next start)",
};

/** This project, built, with keys, prices and ledger on. */
export async function startConduit(mount: Mount, upstream: System, databaseUrl: string): Promise<System> {
  const port = await freePort();
  const env = {
    ...conduitEnv(port, upstream),
    DATABASE_URL: databaseUrl,
    CONDUIT_ROLE: mount === "gateway" ? "gateway" : "all",
  };
  const next = [
    join(root, "node_modules/next/dist/bin/next"),
    "start",
    "--hostname",
    "127.0.0.1",
    "--port",
    String(port),
  ];
  if (mount === "next") return started({ name: mountNames.next, port, args: next, env, headers: bearer });
  const settings = nodeSettings[mount];
  Object.assign(env, settings.env);
  const args = [...settings.flags, join(root, ".build/main.mjs")];
  return started({ name: mountNames[mount], port, args, env, headers: bearer });
}

/**
 * The peer from npm, installed when it is missing; undefined, with the reason printed, when it cannot be. It answers streams
 * with 500: it appends to the headers of the Response that fetch gave it, which Node does not allow.
 */
export async function startPeer(upstream: System): Promise<System | undefined> {
  const folder = join(root, "bench/peer");
  const entry = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
  if (!existsSync(entry)) {
    process.stderr.write("Installing the peer …\n");
    const done = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: folder,
      encoding: "utf8",
    });
    if (done.status !== 0) {
      console.log(`The peer could not be installed and is left out:\n${done.stderr}`);
      return undefined;
    }
  }
  const port = await freePort();
  const headers = {
    authorization: "Bearer sk-bench",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `http://127.0.0.1:${upstream.port}/v1`,
  };
  return started({
    name: "@portkey-ai/gateway 1.15.2",
    port,
    args: [entry, `--port=${port}`, "--headless"],
    env: {},
    headers,
  });
}

/** A database server for the systems that keep a ledger. */
export function startDatabase(): Promise<TestPostgres> {
  return startTestPostgres();
}

/** Milliseconds from starting the process to its first answered call, on a data directory that exists already; one a run. */
export async function coldStarts(upstream: System, runs: number): Promise<number[]> {
  const dataDir = join(scratch, "data");
  const measured: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const port = await freePort();
    const begun = performance.now();
    const child = start([...nodeSettings.all.flags, join(root, ".build/main.mjs")], {
      ...conduitEnv(port, upstream),
      ...nodeSettings.all.env,
      CONDUIT_DATA_DIR: dataDir,
      CONDUIT_ROLE: "all",
    });
    await answered(child, port, { authorization: `Bearer ${KEY}` });
    // The first run makes the data directory.
    if (run > 0) measured.push(performance.now() - begun);
    // The dashboard goes on loading; to stop it half-way is not what is measured here.
    await sleep(1_500);
    await end(child);
  }
  return measured;
}

/** Removes what the benchmark wrote. */
export function cleanUp(): void {
  rmSync(scratch, { recursive: true, force: true });
}

function conduitEnv(port: number, upstream: System): Record<string, string> {
  const config = join(scratch, "conduit.json");
  const price = { inputPerMillion: 1, outputPerMillion: 4 };
  writeFileSync(
    config,
    JSON.stringify({
      providers: [
        {
          name: "bench",
          type: "openai-compatible",
          baseUrl: `http://127.0.0.1:${upstream.port}/v1`,
          allowPrivateNetwork: true,
          keys: [{ apiKey: "sk-bench" }],
        },
        {
          name: "foreign",
          type: "anthropic",
          baseUrl: `http://127.0.0.1:${upstream.port}`,
          allowPrivateNetwork: true,
          keys: [{ apiKey: "sk-bench" }],
        },
      ],
      models: ["bench", "foreign"].flatMap((provider) =>
        models.map((model) => ({ name: `${provider}-${model}`, deployments: [{ provider, model, price }] })),
      ),
      virtualKeys: [
        { name: "bench", key: KEY },
        {
          // None is ever reached: what is measured is what they cost.
          name: "limited",
          key: LIMITED_KEY,
          budgets: [{ period: "month", limitUsd: 1_000_000 }],
          limits: { rpm: 100_000_000, tpm: 1_000_000_000, concurrent: 100_000 },
        },
      ],
    }),
  );
  return {
    HOST: "127.0.0.1",
    PORT: String(port),
    CONDUIT_CONFIG: config,
    CONDUIT_DATA_DIR: join(scratch, `data-${port}`),
    CONDUIT_ADMIN_LOGIN_PASSWORD: "bench-password",
    CONDUIT_API_TO_API_BACKEND_AUTH_KEY: "bench-backend-key-1234",
    SESSION_SECRET: "bench-session-secret",
    CONDUIT_ENCRYPTION_KEY: "bench-encryption-key",
    NEXT_TELEMETRY_DISABLED: "1",
  };
}

type Program = {
  name: string;
  port: number;
  args: string[];
  env: Record<string, string>;
  headers?: Record<string, string>;
};

async function started({ name, port, args, env, headers = {} }: Program): Promise<System> {
  const child = start(args, env);
  await answered(child, port, headers);
  const limits = "CONDUIT_CONFIG" in env;
  const prefix = limits ? "bench-" : "";
  const messages = [
    { role: "system", content: "You are a helpful assistant that answers in one short paragraph." },
    {
      role: "user",
      content: "What does a gateway between callers and vendors of language models cost, and what should it cost?",
    },
  ];
  return {
    name,
    pid: child.pid ?? 0,
    port,
    limits,
    request: (kind) =>
      requestBytes(port, kind === "limited" ? { authorization: `Bearer ${LIMITED_KEY}` } : headers, {
        model: prefix + (kind === "limited" ? "whole" : kind),
        messages,
        temperature: 0.7,
        max_tokens: 200,
        ...(kind.startsWith("events") && { stream: true }),
      }),
    stop: () => end(child),
  };
}

type Running = ChildProcess & { output: string[] };

function start(args: readonly string[], env: Record<string, string>): Running {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_ENV: "production", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding("utf8").on("data", (text: string) => output.push(text));
  return Object.assign(child, { output });
}

/** Waits until a call is answered with 200. */
async function answered(child: Running, port: number, headers: Record<string, string>): Promise<void> {
  const model = headers.authorization === `Bearer ${KEY}` ? "bench-whole" : "whole";
  const until = Date.now() + READY_WITHIN_MS;
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "x" }] });
  for (;;) {
    const status = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status;
      },
      () => 0,
    );
    if (status === 200) return;
    if (child.exitCode !== null || Date.now() > until)
      throw new Error(`It does not answer (status ${status}):\n${child.output.join("")}`);
    await sleep(5);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(timer);
}
