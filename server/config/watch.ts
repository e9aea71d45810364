import { existsSync, type FSWatcher, statSync, watch } from "node:fs";
import { dirname } from "node:path";
import { ConfigError } from "@/server/config/config-error";
import { configPath } from "@/server/config/load";
import { applyConfigIfChanged } from "@/server/config/start";
import { log } from "@/server/log";

const DEBOUNCE_MS = 200;
const POLL_MS = 5_000;

/**
 * Applies the configuration file again whenever it changes or appears, also since it was in the given state. A file that cannot
 * be used, or is gone, changes nothing; the log says why. What could not be applied for another reason, such as a database that is away,
 * is tried again. Returns a function that stops watching.
 */
export function watchConfig(since: ConfigSignature = configSignature()): () => void {
  const path = configPath();
  let seen = since;
  let debounce: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();
  const check = (): void => {
    const now = signature(path);
    if (now === seen) return;
    seen = now;
    if (now === undefined) log.warn({ path }, "The configuration file is gone; what it declared stays in force.");
    else
      last = last.then(apply).then((done) => {
        if (!done) seen = AGAIN;
      });
  };
  const soon = (): void => {
    // The folder may be a busy one.
    if (signature(path) === seen) return;
    clearTimeout(debounce);
    debounce = setTimeout(check, DEBOUNCE_MS).unref();
  };
  // The folder, because editors and orchestrators put a new file in the place of the old one.
  const watcher = watchFolder(dirname(path), soon);
  // Some file systems announce nothing.
  const poll = setInterval(check, POLL_MS).unref();
  soon();
  return () => {
    clearTimeout(debounce);
    clearInterval(poll);
    watcher?.close();
  };
}

/** Whether there is nothing left to try. */
async function apply(): Promise<boolean> {
  try {
    await applyConfigIfChanged();
    return true;
  } catch (error) {
    if (error instanceof ConfigError)
      log.error(
        { problems: error.problems },
        "The changed conduit.json cannot be used; the state before it stays in force.",
      );
    else
      log.error({ err: error }, "The changed conduit.json could not be applied; it is tried again in a few seconds.");
    return error instanceof ConfigError;
  }
}

/** What tells two states of the configuration file apart; undefined when there is none. */
export type ConfigSignature = string | undefined;

const AGAIN = "again";

/** The state that the configuration file is in now. */
export function configSignature(): ConfigSignature {
  return signature(configPath());
}

function signature(path: string): ConfigSignature {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}

function watchFolder(folder: string, onEvent: () => void): FSWatcher | undefined {
  if (!existsSync(folder)) return undefined;
  try {
    const watcher = watch(folder, { persistent: false }, onEvent);
    watcher.on("error", (error) =>
      log.warn(
        { err: error },
        "The configuration file's folder is no longer watched; it is looked at every few seconds.",
      ),
    );
    return watcher;
  } catch (error) {
    log.warn({ err: error }, "The configuration file's folder cannot be watched; it is looked at every few seconds.");
    return undefined;
  }
}
