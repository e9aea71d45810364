import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import { chatRequest, keys, useGateway } from "@/tests/support/fixture";
import { type Mount, mounts, secrets } from "@/tests/support/gateway";

const BACKEND_KEY = secrets.CONDUIT_API_TO_API_BACKEND_AUTH_KEY;

describe.each(mounts)("%s mount: HTTP as clients expect it", (mount: Mount) => {
  const gate = useGateway(mount, { env: { CONDUIT_ROLE: "all", HOST: "0.0.0.0" } });

  test.each(["/v1/nothing", "/v1/chat", "/v1/chat/completions/x", "/v1", "/v1/%00"])(
    "an unknown path below /v1 is a 404 in OpenAI's shape: %s",
    async (path) => {
      for (const answer of [await gate().get(path), await gate().post(path, {})]) {
        expect(answer.status).toBe(404);
        expect(await answer.json()).toMatchObject({
          error: { type: "invalid_request_error", message: expect.stringMatching(/\S/) },
        });
        expect(answer.headers.get("x-request-id")).toBeTruthy();
      }
    },
  );

  test("a wrong method is a 405 that names the right ones", async () => {
    const answer = await gate().get("/v1/chat/completions");
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toContain("POST");
    expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error", code: "method_not_allowed" } });
    expect((await gate().post("/v1/models", {})).status).toBe(405);
  });

  test("a browser's preflight is answered without a key, and answers may be read by scripts", async () => {
    const preflight = await fetch(`${gate().gateway.url}/v1/chat/completions`, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-stainless-os,x-stainless-retry-count",
      },
    });
    expect([200, 204]).toContain(preflight.status);
    expect(preflight.headers.get("access-control-allow-origin")).toMatch(/^(\*|https:\/\/app\.example)$/);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
    const allowed = preflight.headers.get("access-control-allow-headers")?.toLowerCase() ?? "";
    for (const name of ["authorization", "content-type", "x-stainless-os"])
      expect(allowed === "*" ? name : allowed).toContain(name);
    // A `*` does not cover authorization: browsers want it by name.
    expect(allowed).toContain("authorization");
    for (const answer of [
      await gate().chat(chatRequest(), { headers: { origin: "https://app.example" } }),
      await gate().chat(chatRequest("none"), { headers: { origin: "https://app.example" } }),
    ]) {
      expect(answer.headers.get("access-control-allow-origin")).toMatch(/^(\*|https:\/\/app\.example)$/);
      expect(answer.headers.get("access-control-expose-headers")?.toLowerCase()).toContain("x-request-id");
    }
  });

  test.each(["abc-123", "a.b:c_D", "x".repeat(128)])("a safe request id is kept: %s", async (id) => {
    const answer = await gate().chat(chatRequest(), { headers: { "x-request-id": id } });
    expect(answer.headers.get("x-request-id")).toBe(id);
    expect((await gate().ledgerRow(answer)).request_id).toBe(id);
  });

  test.each(["has space", "a/b", "x".repeat(129), "<script>", "a'b"])(
    "an unsafe request id is replaced: %s",
    async (id) => {
      const answer = await gate().chat(chatRequest(), { headers: { "x-request-id": id } });
      expect(answer.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
    },
  );

  test("every answer has a request id of its own", async () => {
    const answers = await Promise.all([
      gate().chat(chatRequest()),
      gate().chat(chatRequest("none")),
      gate().get("/v1/models"),
      gate().get("/v1/models", { key: null }),
      gate().get("/v1/nothing"),
    ]);
    const ids = answers.map((answer) => answer.headers.get("x-request-id"));
    expect(ids.every(Boolean)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("health answers without a key", async () => {
    for (const path of ["/health/live", "/health/ready"]) {
      const answer = await gate().get(path, { key: null });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    }
  });

  test("metrics count calls, and name neither keys nor what callers made up", async () => {
    await (await gate().chat(chatRequest())).arrayBuffer();
    await (await gate().chat(chatRequest("made-up-by-caller"))).arrayBuffer();
    const answer = await gate().get("/metrics", { key: BACKEND_KEY });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
    const text = await answer.text();
    expect(text).toMatch(/^conduit_\w*calls\w*\{.*model="plain".*\} [1-9]/m);
    expect(text).not.toMatch(/condt_|made-up-by-caller/);
  });

  // Only the server mount sees the peer's own address; the other one must not believe what a header says of it.
  test("metrics are for the backend key and this machine alone", async () => {
    const forged = { "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", "x-forwarded-host": "localhost" };
    expect((await gate().get("/metrics", { key: null })).status).toBe(mount === "server" ? 200 : 401);
    // What a proxy forwards is not this machine's own, whatever the proxy says.
    expect((await gate().get("/metrics", { key: null, headers: forged })).status).toBe(401);
    expect((await gate().get("/metrics", { key: keys.caller })).status).toBe(401);
    const outside = addressOfThisMachine();
    if (mount === "next" || outside === undefined) return;
    const url = `http://${outside}:${gate().gateway.port}/metrics`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: forged })).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: `Bearer ${BACKEND_KEY}` } })).status).toBe(200);
  });
});

/** An address of this machine that is not the loopback's; undefined where there is none. */
function addressOfThisMachine(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find((one) => one.family === "IPv4" && !one.internal)?.address;
}
