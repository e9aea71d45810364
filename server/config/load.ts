import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "@/server/config/config-error";
import { type ParsedConfig, parseConfig } from "@/server/config/parse";
import { env, environmentVariable } from "@/server/env";

/** The absolute path of the configuration file, which need not exist: CONDUIT_CONFIG, else conduit.json where the process runs. */
export function configPath(): string {
  return resolve(/* turbopackIgnore: true */ env.configPath ?? "conduit.json");
}

/** Reads the configuration file; undefined when there is none and none was asked for. Throws ConfigError. */
export function loadConfig(): ParsedConfig | undefined {
  const path = configPath();
  if (!existsSync(path)) {
    if (env.configPath === undefined) return undefined;
    throw new ConfigError(path, [{ path: "", message: "CONDUIT_CONFIG names this file, but it does not exist" }]);
  }
  return parseConfig(readFileSync(path, "utf8"), path, environmentVariable);
}
