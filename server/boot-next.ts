import { boot, shutDown } from "@/server/boot";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { listensEverywhere } from "@/server/secrets";
import { singleton } from "@/server/singleton";
import { health } from "@/server/state/health";
import { finishCalls } from "@/server/state/open-calls";

/**
 * Brings the process up when Next runs alone (`next start`, or a platform's own server). Below `npm start` it is up already,
 * and the server mount stops it in its own order.
 */
export async function bootNext(): Promise<void> {
  const alone = singleton("owner", () => ({ is: "next" })).is === "next";
  if (alone) listensEverywhere();
  await boot();
  if (!alone) return;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    // Next's own handler would end the process before the last calls are written.
    process.removeAllListeners(signal);
    process.once(signal, () => void stop());
  }
}

async function stop(): Promise<void> {
  health().draining = true;
  try {
    await finishCalls(env.drainMs);
    await shutDown();
    process.exit(0);
  } catch (error) {
    log.error({ err: error }, "The shutdown was not clean.");
    process.exit(1);
  }
}
