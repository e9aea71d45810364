import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { secrets, startGateway } from "@/tests/support/gateway";

/** The built app as `npm start` runs it for a newcomer: no secrets given, its own PostgreSQL, nothing in it but the demo. */
export type App = {
  /** Without a path or trailing slash. */
  readonly url: string;
  /** As its greeting prints it. */
  readonly adminPassword: string;
  readonly backendKey: string;
  /** Of its own PostgreSQL. */
  readonly databaseUrl: string;
  /** Everything it has written. */
  output(): string;
  /** Replaces conduit.json, which begins as an empty object. */
  configure(config: object): void;
  stop(): Promise<void>;
};

const GREETED_WITHIN_MS = 30_000;
const Kept = z.object({ backendKey: z.string() });
const Database = z.object({ password: z.string() });

/** Starts an app, on a free port unless told otherwise, and waits for its greeting; throws with its output when none comes. */
export async function startApp(port?: number): Promise<App> {
  const dataDir = mkdtempSync(join(tmpdir(), "conduit-e2e-"));
  // Run by root, the database server belongs to another user, who has to pass through.
  chmodSync(dataDir, 0o755);
  const removeData = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  try {
    const gateway = await startGateway({
      mount: "server",
      databaseUrl: "",
      dataDir,
      // Empty and not absent, so that a conduit.json of the developer's own is not applied.
      config: {},
      env: {
        CONDUIT_ROLE: "all",
        ...Object.fromEntries(Object.keys(secrets).map((name) => [name, ""])),
        ...(port && { PORT: String(port) }),
      },
    });
    const stop = async () => {
      await gateway.stop();
      removeData();
    };
    const greeting = await greetingOf(gateway.output);
    const adminPassword = /Password\s+(\S+)/.exec(greeting)?.[1];
    if (adminPassword === undefined) {
      await stop();
      throw new Error(`The greeting names no password:\n${greeting}`);
    }
    const { backendKey } = Kept.parse(JSON.parse(readFileSync(join(dataDir, "secrets.json"), "utf8")));
    const databaseUrl = databaseUrlOf(dataDir);
    const { url, output, configure } = gateway;
    return { url, adminPassword, backendKey, databaseUrl, output, configure, stop };
  } catch (error) {
    removeData();
    throw error;
  }
}

/** The dashboard is loaded once the greeting is out. */
async function greetingOf(output: () => string): Promise<string> {
  const until = Date.now() + GREETED_WITHIN_MS;
  while (!output().includes("Conduit is ready")) {
    if (Date.now() > until) throw new Error(`The app does not greet:\n${output()}`);
    await sleep(25);
  }
  return output();
}

/** As the database server's own pid file and the kept password have it. */
function databaseUrlOf(dataDir: string): string {
  const { password } = Database.parse(JSON.parse(readFileSync(join(dataDir, "database.json"), "utf8")));
  const port = readFileSync(join(dataDir, "postgres", "postmaster.pid"), "utf8").split("\n")[3];
  return `postgresql://conduit:${password}@127.0.0.1:${port}/conduit`;
}
