import { describe, expect, test } from "vitest";
import { addressAllowed, checkUrl } from "@/server/outbound/addresses";

describe("addressAllowed", () => {
  test.each(["1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.1", "2606:4700::1111"])("public: %s", (address) => {
    expect(addressAllowed(address, false)).toBe(true);
  });

  test.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "::1",
    "::",
    "fc00::1",
    "fe80::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
  ])("private, so only where it is allowed: %s", (address) => {
    expect(addressAllowed(address, false)).toBe(false);
    expect(addressAllowed(address, true)).toBe(true);
  });

  test.each(["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"])(
    "metadata services never: %s",
    (address) => {
      expect(addressAllowed(address, true)).toBe(false);
    },
  );

  test("a text that is no address is refused", () => {
    expect(addressAllowed("localhost", true)).toBe(false);
  });
});

describe("checkUrl", () => {
  test.each([
    "http://127.0.0.1/v1",
    "http://[::1]/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::ffff:127.0.0.1]/",
  ])("refuses the private address in %s", (url) => {
    expect(() => checkUrl(new URL(url), false)).toThrow(/private network/);
    expect(() => checkUrl(new URL(url), true)).not.toThrow();
  });

  test("refuses other protocols and credentials", () => {
    expect(() => checkUrl(new URL("file:///etc/passwd"), true)).toThrow(/https/);
    expect(() => checkUrl(new URL("https://user:pass@example.com/"), false)).toThrow(/user name/);
  });
});
