import { expect, test } from "vitest";
import { readEnvironment } from "@/server/env";

test("without any variable the defaults are those of the documentation", () => {
  const env = readEnvironment({});
  expect(env).toMatchObject({
    host: "127.0.0.1",
    port: 5000,
    role: "all",
    dataDir: "./data",
    maxBodyBytes: 33_554_432,
    corsOrigins: ["*"],
  });
  expect(env.databaseUrl).toBeUndefined();
});

test("an empty variable counts as not set", () => {
  const names = ["DATABASE_URL", "CONDUIT_TRUST_PROXY", "PORT", "HOST", "CONDUIT_ROLE", "CONDUIT_RETRIES"];
  const others = ["CONDUIT_CACHE_BYTES", "CONDUIT_CORS_ORIGINS", "CONDUIT_REDIS_INSTANCE_NAME", "CONDUIT_JOURNAL"];
  const empty = Object.fromEntries([...names, ...others].map((name) => [name, ""]));
  expect(readEnvironment(empty)).toEqual(readEnvironment({}));
});

test("every variable that cannot be used is named at once", () => {
  expect(() => readEnvironment({ PORT: "http", CONDUIT_ROLE: "both", CONDUIT_TOTAL_TIMEOUT_MS: "0" })).toThrow(
    /PORT[\s\S]*CONDUIT_ROLE[\s\S]*CONDUIT_TOTAL_TIMEOUT_MS/,
  );
});
