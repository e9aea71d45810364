import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isLoopback, resolveSecrets } from "@/server/secrets";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conduit-secrets-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const strong = {
  adminPassword: "long enough",
  backendKey: "x".repeat(16),
  sessionSecret: "y".repeat(16),
  encryptionKey: "z".repeat(16),
};

describe("on loopback", () => {
  test("secrets are generated once and kept for their owner alone", () => {
    const first = resolveSecrets({}, "127.0.0.1", folder);
    const again = resolveSecrets({}, "127.0.0.1", folder);
    expect(first.adminPassword.reveal()).toMatch(/^[\w-]{16}$/);
    expect(again.adminPassword.reveal()).toBe(first.adminPassword.reveal());
    expect(again.firstKey?.reveal()).toBe(first.firstKey?.reveal());
    expect(again.sealer.open(first.sealer.seal("text", "c"), "c").reveal()).toBe("text");
    expect(statSync(first.file).mode & 0o777).toBe(0o600);
  });

  test("what the environment gives is used and not written down", () => {
    const made = resolveSecrets(strong, "localhost", folder);
    expect(made.adminPassword.reveal()).toBe("long enough");
    expect(made.passwordGenerated).toBe(false);
    expect(readFileSync(made.file, "utf8")).not.toContain("long enough");
  });

  test("a damaged file stops the start instead of being replaced", () => {
    writeFileSync(join(folder, "secrets.json"), "{");
    expect(() => resolveSecrets({}, "127.0.0.1", folder)).toThrow(/secrets\.json/);
    expect(readFileSync(join(folder, "secrets.json"), "utf8")).toBe("{");
  });
});

describe("on an address that others can reach", () => {
  test("every missing or short secret is named", () => {
    expect(() => resolveSecrets({ sessionSecret: "short" }, "0.0.0.0", folder)).toThrow(
      /CONDUIT_ADMIN_LOGIN_PASSWORD is not set[\s\S]*CONDUIT_API_TO_API_BACKEND_AUTH_KEY is not set[\s\S]*SESSION_SECRET is shorter than 16[\s\S]*CONDUIT_ENCRYPTION_KEY is not set/,
    );
  });

  test("with secrets of one's own it starts, and makes no ready key", () => {
    expect(resolveSecrets(strong, "0.0.0.0", folder).firstKey).toBeUndefined();
  });
});

test.each([
  ["127.0.0.1", true],
  ["127.8.9.1", true],
  ["::1", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["10.0.0.1", false],
  ["127.0.0.1.example.com", false],
])("%s is loopback: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
