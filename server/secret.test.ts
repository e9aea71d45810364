import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { createSealer, describeVirtualKey, newVirtualKey, Secret, sameSecret } from "@/server/secret";

describe("Secret", () => {
  test("cannot be printed, serialised or joined into a text", () => {
    const secret = new Secret("hunter2-hunter2");
    const shown = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ a: [secret] }),
      Object.values(secret).join(),
    ];
    for (const text of shown) expect(text).not.toContain("hunter2");
    expect(secret.reveal()).toBe("hunter2-hunter2");
  });
});

describe("sealing", () => {
  const sealer = createSealer("an encryption key of some length");

  test("opens what it sealed, and never seals the same text the same way twice", () => {
    const [one, two] = [sealer.seal("sk-ünï", "provider:1"), sealer.seal("sk-ünï", "provider:1")];
    expect(one).not.toBe(two);
    expect(one).not.toContain("sk-");
    expect(sealer.open(one, "provider:1").reveal()).toBe("sk-ünï");
  });

  test("refuses another context, another key, and any changed byte", () => {
    const sealed = sealer.seal("sk-secret", "provider:1");
    expect(() => sealer.open(sealed, "provider:2")).toThrow();
    expect(() => createSealer("another encryption key here").open(sealed, "provider:1")).toThrow();
    const [version, iv, tag, body = ""] = sealed.split(".");
    const changed = Buffer.from(body, "base64url").map((byte, at) => (at === 0 ? byte ^ 1 : byte));
    expect(() =>
      sealer.open([version, iv, tag, Buffer.from(changed).toString("base64url")].join("."), "provider:1"),
    ).toThrow();
    expect(() => sealer.open("plain text", "provider:1")).toThrow();
  });
});

describe("virtual keys", () => {
  test("are long, different, and known by their hash and their ends", () => {
    const key = newVirtualKey();
    expect(key).toMatch(/^condt_[A-Za-z0-9_-]{43}$/);
    expect(newVirtualKey()).not.toBe(key);
    const { hash, prefix, last4 } = describeVirtualKey(key);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(key.startsWith(prefix) && key.endsWith(last4)).toBe(true);
    expect(prefix.length + last4.length).toBeLessThan(key.length / 2);
  });

  test("secrets are compared whole", () => {
    expect(sameSecret("abc", "abc")).toBe(true);
    expect(sameSecret("abc", "abcd")).toBe(false);
    expect(sameSecret("", "a")).toBe(false);
  });
});
