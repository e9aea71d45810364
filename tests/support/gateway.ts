import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@/tests/support/postgres";

/** The two ways in which the built app serves calls. */
export const mounts = ["server", "next"] as const;
export type Mount = (typeof mounts)[number];

/** Secrets of the app under test, so that a test can look for them where they must not be. */
export const secrets = {
  CONDUIT_API_TO_API_BACKEND_AUTH_KEY: "backend-key-of-the-tests-4f1c",
  CONDUIT_ADMIN_LOGIN_PASSWORD: "admin-password-of-the-tests-9b2e",
  SESSION_SECRET: "session-secret-of-the-tests-77aa",
  CONDUIT_ENCRYPTION_KEY: "encryption-key-of-the-tests-c3d4",
} as const;

export type Start = {
  mount: Mount;
  databaseUrl: string;
  /** What conduit.json holds; absent = no file. */
  config?: object;
  /** Settings on top of the usual ones, or instead of them. */
  env?: Record<string, string>;
  /** Reuses a data directory, which then outlives the app. */
  dataDir?: string;
};

/** A running app. */
export type Gateway = {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Everything it has written, both streams. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Replaces conduit.json. */
  configure(config: object): void;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
};

const root = join(import.meta.dirname, "../..");
const READY_WITHIN_MS = 30_000;

/** Starts the built app and waits until it is ready; throws with its output when it ends first or is not ready in 30 s. */
export async function startGateway(start: Start): Promise<Gateway> {
  const gateway = await launch(start);
  const until = Date.now() + READY_WITHIN_MS;
  let ended = false;
  void gateway.exited.then(() => {
    ended = true;
  });
  while (!(await isReady(gateway.url))) {
    if (ended || Date.now() > until) {
      await gateway.stop();
      throw new Error(`The app (${start.mount}) is not ready:\n${gateway.output()}`);
    }
    await sleep(25);
  }
  return gateway;
}

/** Starts the built app without waiting for anything. */
export async function launch({ mount, databaseUrl, config, env = {}, dataDir }: Start): Promise<Gateway> {
  const port = Number(env.PORT ?? (await freePort()));
  const folder = mkdtempSync(join(tmpdir(), "conduit-test-app-"));
  const configPath = join(folder, "conduit.json");
  if (config) writeFileSync(configPath, JSON.stringify(config));
  const child = spawn(process.execPath, command(mount, port), {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      HOST: "127.0.0.1",
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      CONDUIT_DATA_DIR: dataDir ?? join(folder, "data"),
      CONDUIT_LOG_LEVEL: "debug",
      // What one test does to a vendor must not decide what the next one sees; failover has tests of its own.
      CONDUIT_RETRIES: "0",
      CONDUIT_BREAKERS: "off",
      // The dashboard takes a second to load and answers no call; where it matters a test asks for it.
      ...(mount === "server" && { CONDUIT_ROLE: "gateway" }),
      ...(config && { CONDUIT_CONFIG: configPath }),
      ...secrets,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding("utf8").on("data", (text: string) => output.push(text));
  const exited = endOf(child);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    output: () => output.join(""),
    signal: (name) => void child.kill(name),
    exited,
    configure: (changed) => writeFileSync(configPath, JSON.stringify(changed)),
    stop: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await exited;
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function command(mount: Mount, port: number): string[] {
  if (mount === "server") return ["--enable-source-maps", join(root, ".build/main.mjs")];
  return [join(root, "node_modules/next/dist/bin/next"), "start", "--hostname", "127.0.0.1", "--port", String(port)];
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code));
  });
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    // Nothing listens yet.
    return false;
  }
}
