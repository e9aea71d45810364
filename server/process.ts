import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { boot, shutDown } from "@/server/boot";
import { startEmbedded } from "@/server/db/embedded";
import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import { failed } from "@/server/gateway/look";
import { greet } from "@/server/greeting";
import { isGatewayPath } from "@/server/http/answer";
import { addressOf, handle } from "@/server/http/listener";
import { log } from "@/server/log";
import { secrets } from "@/server/secrets";
import { singleton } from "@/server/singleton";
import { health } from "@/server/state/health";
import { finishCalls } from "@/server/state/open-calls";
import { keepsWorkers, keepWorkers, speaksFirst, tellReady } from "@/server/workers";

/** As many to the database as a worker opens at most, and some. */
const WORKER_CONNECTIONS = 30;

const options: ServerOptions = {
  keepAliveTimeout: 75_000,
  // A request's head must arrive in time; its body is bound by the call's own limit.
  headersTimeout: 30_000,
  requestTimeout: 0,
  // Some clients offer HTTP/2 with each request over plain text: to those the answer is plain HTTP/1.1.
  shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
};

type Dashboard = {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
};

let dashboard: Promise<Dashboard> | undefined;

/** Runs the server, or one of the commands `migrate` and `seed`, until it is told to stop. */
export async function main(): Promise<void> {
  try {
    await run();
  } catch (error) {
    // A person started this: the sentence is what helps, the trace is for the log.
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    log.debug({ err: error }, "Start failed.");
    process.exit(1);
  }
}

async function run(): Promise<void> {
  const [command] = process.argv.slice(2);
  singleton("owner", () => ({ is: "server" }));
  secrets();
  if (command === "migrate" || command === "seed") return setUp();
  if (keepsWorkers())
    return keepWorkers(() =>
      startEmbedded(env.dataDir, { share: false, connections: WORKER_CONNECTIONS * env.workers }),
    );
  const server = createServer(options, (request, response) => onRequest(request, response));
  server.on("upgrade", (request, socket, head) => onUpgrade(request, socket, head));
  await listen(server);
  stopOnSignal(server);
  const booted = boot(() => startEmbedded(env.dataDir, { share: false }));
  // Next's modules are read while the database starts, so that no call has to wait for them later.
  if (env.role !== "gateway") dashboard = loadDashboard();
  await Promise.all([booted, dashboard]);
  tellReady();
  if (speaksFirst()) await greet(portOf(server));
}

/** `npm run db:migrate` and `db:seed`: start-up does both; these do them alone. */
async function setUp(): Promise<void> {
  await boot(() => startEmbedded(env.dataDir, { share: true }));
  await shutDown();
  process.stdout.write("The database is up to date.\n");
}

function onRequest(request: IncomingMessage, response: ServerResponse): void {
  const { path } = addressOf(request);
  const gateway = isGatewayPath(path);
  const open = path.startsWith("/health/") || path === "/metrics";
  if (gateway && (open || env.role !== "dashboard")) {
    handle(request, response);
    return;
  }
  if (!gateway && dashboard) {
    // Next would believe this header; without a trusted proxy it is the caller's own claim.
    if (!env.trustProxy) request.headers["x-forwarded-for"] = request.socket.remoteAddress ?? "";
    dashboard
      .then((loaded) => loaded.handle(request, response))
      .catch((error: unknown) => {
        log.error({ err: error, path }, "A dashboard request failed.");
        response.destroy();
      });
    return;
  }
  const error = !health().started
    ? new GatewayError("store_unavailable", "Conduit is starting.", { retryAfterSeconds: 1 })
    : new GatewayError("not_found", `Unknown request URL: ${request.method} ${path}.`);
  const reply = failed(error);
  response.writeHead(reply.status, reply.headers).end(reply.body);
}

function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  // Node has let go of this socket: without a listener a reset by the peer would end the process.
  socket.on("error", () => socket.destroy());
  // Only Next's own development socket is taken; everything else would be left hanging there.
  if (!env.production && dashboard && request.url?.startsWith("/_next/")) {
    dashboard.then((loaded) => loaded.upgrade(request, socket, head)).catch(() => socket.destroy());
    return;
  }
  socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
}

async function loadDashboard(): Promise<Dashboard> {
  const { default: next } = await import("next");
  const app = next({ dev: !env.production, hostname: env.host, port: env.port });
  await app.prepare();
  const handleRequest = app.getRequestHandler();
  const upgrade = app.getUpgradeHandler();
  return { handle: (request, response) => handleRequest(request, response), upgrade };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") return reject(error);
      reject(
        new Error(
          `Port ${env.port} on ${env.host} is taken. Stop the program that uses it, or choose another: PORT=5001 npm start`,
        ),
      );
    });
    server.listen(env.port, env.host, () => resolve());
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : env.port;
}

/** A terminal's Ctrl-C may arrive twice, from the keyboard and from the program that started this one. */
const SAME_SIGNAL_MS = 1_000;

function stopOnSignal(server: Server): void {
  let stoppingSince: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (stoppingSince !== undefined) {
      if (now - stoppingSince > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    stoppingSince = now;
    stop(server, signal).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, "The shutdown was not clean.");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  // The terminal was closed.
  process.on("SIGHUP", onSignal);
}

const CUT_OFF_MS = 1_000;

/** No new calls, open ones may finish for a while, then everything in memory is written. */
async function stop(server: Server, signal: NodeJS.Signals): Promise<void> {
  // Nothing is open or in memory yet while a database elsewhere is waited for.
  if (!health().started && env.databaseUrl) return;
  log.info({ signal }, "Stopping: open calls may finish.");
  health().draining = true;
  const limit = setTimeout(() => {
    log.warn("The time to finish open calls is up; they are cut off.");
    server.closeAllConnections();
  }, env.drainMs);
  // Connections whose answers had begun become idle one by one, and then they too are closed.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(limit);
  clearInterval(idle);
  // Calls that were cut off are settled a moment after their connections.
  await finishCalls(CUT_OFF_MS);
  await shutDown();
}
