import { describe, expect, test } from "vitest";
import { chatRequest, useGateway } from "@/tests/support/fixture";

const claims = {
  "x-forwarded-for": "203.0.113.9, 198.51.100.7",
  "x-real-ip": "203.0.113.9",
  forwarded: "for=203.0.113.9",
};

// Next hides the connection's own address behind the header: that mount is always taken to be behind a proxy.
describe.each([
  { situation: "open to the internet", trust: "false", seen: "127.0.0.1" },
  { situation: "behind a trusted proxy", trust: "true", seen: "198.51.100.7" },
])("server mount, $situation: a caller's address is not what the caller claims", ({ trust, seen }) => {
  const gate = useGateway("server", { env: { CONDUIT_TRUST_PROXY: trust } });

  test("in the ledger", async () => {
    const answer = await gate().chat(chatRequest(), { headers: claims });
    await answer.arrayBuffer();
    expect((await gate().ledgerRow(answer)).client_ip).toBe(seen);
  });
});
