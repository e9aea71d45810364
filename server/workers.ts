import cluster, { type Worker } from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import { env } from "@/server/env";
import { log } from "@/server/log";

type Database = { readonly url: string; stop(): Promise<void> };

/** What a worker says when it answers calls. */
const READY = "ready";
/** How long one is waited for that ended by itself before another takes its place, and beyond the drain when all stop. */
const AGAIN_MS = 1_000;
const SLACK_MS = 10_000;

/** Whether this process only keeps others, which answer on its port. */
export function keepsWorkers(): boolean {
  return env.workers > 1 && cluster.isPrimary;
}

/** Whether this process is the one that tells where to go: alone, or the first of several. */
export function speaksFirst(): boolean {
  return cluster.isPrimary || cluster.worker?.id === 1;
}

/** Says, as one of several, that this process answers calls. */
export function tellReady(): void {
  if (cluster.isWorker) process.send?.(READY);
}

/**
 * Runs as many processes as CONDUIT_WORKERS says on one port, until it is told to stop. The first brings the database up to date before the
 * others come; one that ends by itself is replaced. A database of one's own is this process's, and outlives them.
 */
export async function keepWorkers(startDatabase: () => Promise<Database>): Promise<void> {
  const database = env.databaseUrl ? undefined : await startDatabase();
  const given = database ? { DATABASE_URL: database.url } : {};
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await endAll();
    await database?.stop();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void stop());
  if (!env.redisUrl) log.warn("Without REDIS_URL each worker counts limits for itself.");
  if (!(await isReady(cluster.fork(given)))) {
    if (stopping) return;
    await database?.stop();
    process.exit(1);
  }
  cluster.on("exit", (worker, code) => {
    if (stopping) return;
    log.error(
      { worker: worker.id, pid: worker.process.pid, code },
      "A worker ended by itself; another takes its place.",
    );
    setTimeout(() => stopping || cluster.fork(given), AGAIN_MS);
  });
  const others = Array.from({ length: stopping ? 0 : env.workers - 1 }, () => isReady(cluster.fork(given)));
  if ((await Promise.all(others)).every(Boolean)) log.info({ workers: env.workers }, "All workers answer.");
}

/** False when it ended before. */
function isReady(worker: Worker): Promise<boolean> {
  return new Promise((resolve) => {
    worker.on("message", (message) => message === READY && resolve(true));
    worker.once("exit", () => resolve(false));
  });
}

/** Each may finish its open calls. */
async function endAll(): Promise<void> {
  const workers = Object.values(cluster.workers ?? {}).flatMap((worker) =>
    worker && !worker.isDead() ? [worker] : [],
  );
  const ended = workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve)));
  for (const worker of workers) worker.process.kill("SIGTERM");
  const late = sleep(env.drainMs + SLACK_MS, "late", { ref: false });
  if ((await Promise.race([Promise.all(ended), late])) !== "late") return;
  for (const worker of workers) worker.process.kill("SIGKILL");
}
