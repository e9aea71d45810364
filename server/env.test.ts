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
  expect(readEnvironment({ DATABASE_URL: "", CONDUIT_TRUST_PROXY: "" })).toMatchObject({
    databaseUrl: undefined,
    trustProxy: false,
  });
});

test("every variable that cannot be used is named at once", () => {
  expect(() => readEnvironment({ PORT: "http", CONDUIT_ROLE: "both", CONDUIT_TOTAL_TIMEOUT_MS: "0" })).toThrow(
    /PORT[\s\S]*CONDUIT_ROLE[\s\S]*CONDUIT_TOTAL_TIMEOUT_MS/,
  );
});
