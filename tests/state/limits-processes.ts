import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Done, Work } from "@/tests/state/limits-worker";

/** A process that makes calls as it is told. */
export type Worker = {
  readonly child: ChildProcess;
  work(work: Work): Promise<readonly Done[]>;
  stop(): Promise<void>;
};

/** Starts processes that share one Redis. */
export function startWorkers(count: number, env: Record<string, string>): Promise<Worker[]> {
  return Promise.all(Array.from({ length: count }, () => startWorker(env)));
}

async function startWorker(env: Record<string, string>): Promise<Worker> {
  const child = fork(join(import.meta.dirname, "limits-worker.ts"), {
    execArgv: ["--import", "tsx"],
    cwd: join(import.meta.dirname, "../.."),
    env: { NODE_ENV: "test", PATH: process.env.PATH, CONDUIT_LOG_LEVEL: "silent", ...env },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  await message(child);
  return {
    child,
    work: async (work) => {
      if (!child.connected) throw new Error("A worker is gone.");
      const answer = message(child);
      child.send(work);
      return await answer;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}

function message(child: ChildProcess): Promise<readonly Done[]> {
  return new Promise((resolve, reject) => {
    const onMessage = (done: readonly Done[]): void => {
      child.off("exit", onExit);
      resolve(done);
    };
    const onExit = (code: number | null, signal: string | null): void => {
      child.off("message", onMessage);
      reject(new Error(`A worker ended with ${code ?? signal}.`));
    };
    child.once("message", onMessage);
    child.once("exit", onExit);
  });
}
