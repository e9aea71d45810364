import { describe, expect, test } from "vitest";
import { chatRequest, completion, credentials, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { json, type Scenario } from "@/tests/support/upstream";

const PATH = "/v1/chat/completions";
const vendorError = (message: string, more: object = {}) => ({
  error: { message, type: "vendor_type", param: null, code: null, ...more },
});

describe.each(mounts)("%s mount: a vendor's error reaches the caller in OpenAI's shape", (mount) => {
  const gate = useGateway(mount);

  async function errorFor(scenario: Scenario, request: object = chatRequest()) {
    gate().upstream.on(PATH, scenario);
    const answer = await gate().chat(request);
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    const body = await answer.json();
    expect(body).toEqual({
      error: {
        message: expect.stringMatching(/\S/),
        type: expect.any(String),
        param: body.error.param === null ? null : expect.any(String),
        code: body.error.code === null ? null : expect.any(String),
      },
    });
    return { status: answer.status, error: body.error, answer };
  }

  test.each([400, 404, 409, 413, 422])(
    "what the vendor says of the request passes with its status: %d",
    async (status) => {
      const body = vendorError("max_tokens is too large: 900000.", {
        param: "max_tokens",
        code: "invalid_value",
        type: "invalid_request_error",
      });
      const { status: seen, error, answer } = await errorFor(json(body, { status }));
      expect(seen).toBe(status);
      expect(error).toEqual(body.error);
      expect(await gate().ledgerRow(answer)).toMatchObject({
        status,
        error_kind: "upstream_rejected",
        provider_name: "vendor",
        cost_nano: 0n,
      });
    },
  );

  test("also for a streamed request", async () => {
    const { status, error } = await errorFor(
      json(vendorError("Bad tool schema."), { status: 400 }),
      chatRequest("plain", { stream: true }),
    );
    expect(status).toBe(400);
    expect(error.message).toContain("Bad tool schema.");
  });

  test.each([
    [401, vendorError(`Incorrect API key provided: ${credentials.plain}.`, { code: "invalid_api_key" })],
    [403, vendorError("Project org-operator may not use this.")],
    [402, vendorError("Your card was declined.")],
    [429, vendorError("You exceeded your current quota.", { type: "insufficient_quota", code: "insufficient_quota" })],
  ])("the operator's bad credential or account is a 502 that tells nothing of it: %d", async (vendorStatus, body) => {
    const { status, error, answer } = await errorFor(json(body, { status: vendorStatus }));
    expect(status).toBe(502);
    expect(error).toMatchObject({ type: "api_error", code: "upstream_denied" });
    expect(JSON.stringify(error)).not.toMatch(/sk-|org-|card|declined|quota/);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    const row = await gate().ledgerRow(answer);
    expect(row).toMatchObject({ status: 502, error_kind: "upstream_denied" });
    expect(row.error_message).not.toContain(credentials.plain);
  });

  test("a credential that the vendor echoes in another error is cut out", async () => {
    const { error } = await errorFor(
      json(vendorError(`Key ${credentials.plain} has no access to this region.`), { status: 400 }),
    );
    expect(error.message).not.toContain(credentials.plain);
  });

  test("the vendor's rate limit stays a 429 and passes its retry-after on", async () => {
    const { status, error, answer } = await errorFor(
      json(vendorError("Slow down."), { status: 429, headers: { "retry-after": "7" } }),
    );
    expect(status).toBe(429);
    expect(error).toMatchObject({ type: "rate_limit_error", code: "upstream_rate_limited" });
    expect(answer.headers.get("retry-after")).toBe("7");
    expect(await gate().ledgerRow(answer)).toMatchObject({ status: 429, error_kind: "upstream_rate_limited" });
  });

  test.each([500, 502, 503, 529])("the vendor's own trouble is a 502: %d", async (vendorStatus) => {
    const { status, error } = await errorFor(json(vendorError("The server had an error."), { status: vendorStatus }));
    expect(status).toBe(502);
    expect(error).toMatchObject({ type: "api_error", code: "upstream_unavailable" });
  });

  test.each<[string, Scenario, number]>([
    [
      "an HTML page",
      json("<html><body>Bad gateway nginx</body></html>", { status: 502, headers: { "content-type": "text/html" } }),
      502,
    ],
    [
      "an HTML page for the request",
      json("<html>nope</html>", { status: 400, headers: { "content-type": "text/html" } }),
      400,
    ],
    ["nothing at all", json("", { status: 500 }), 502],
    ["nothing at all for the request", json("", { status: 400 }), 400],
    ["a list", json("[1,2]", { status: 400 }), 400],
    ["a text", json('"no"', { status: 400 }), 400],
    ["an error that is a text", json({ error: "model not loaded" }, { status: 400 }), 400],
    ["a redirect", json("", { status: 302, headers: { location: "http://169.254.169.254/latest" } }), 502],
  ])("an error body that is %s", async (_what, scenario, expected) => {
    const { status, error } = await errorFor(scenario);
    expect(status).toBe(expected);
    expect(error.message).not.toContain("<html>");
  });

  test.each<[string, Scenario]>([
    ["is cut short", json(JSON.stringify(completion()).slice(0, 100))],
    ["is empty", json("")],
    ["is a page", json("<html></html>", { headers: { "content-type": "text/html" } })],
    ["is a list", json("[]")],
  ])("a success whose body %s is a 502, never a success", async (_how, scenario) => {
    const { status, error, answer } = await errorFor(scenario);
    expect(status).toBe(502);
    expect(error).toMatchObject({ code: "upstream_garbled" });
    expect(await gate().ledgerRow(answer)).toMatchObject({ status: 502, error_kind: "upstream_garbled" });
  });

  test("a success whose connection breaks is a 502", async () => {
    const { status, error } = await errorFor((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "500" });
      response.write("{", () => response.destroy());
    });
    expect(status).toBe(502);
    expect(error).toMatchObject({ code: "upstream_unavailable" });
  });

  test("a whole answer where a stream was asked for does not pass as a stream", async () => {
    gate().upstream.on(PATH, json(completion()));
    const answer = await gate().chat(chatRequest("plain", { stream: true }));
    const text = await answer.text();
    if (answer.ok) expect(text).toContain("[DONE]");
    else expect(JSON.parse(text)).toMatchObject({ error: { code: "upstream_garbled" } });
  });

  test("an answer that is compressed although nobody asked is not passed on as something else", async () => {
    const { gzipSync } = await import("node:zlib");
    gate().upstream.on(PATH, (_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
      response.end(gzipSync(JSON.stringify(completion())));
    });
    const answer = await gate().chat(chatRequest());
    // fetch decodes what `content-encoding` names; a 502 says honestly that the vendor broke the agreement.
    if (answer.ok) expect(await answer.json()).toEqual(completion());
    else expect(answer.status).toBe(502);
  });

  test("a vendor that is not there is a 502 within a second", async () => {
    await gate().sql.query("UPDATE provider SET base_url = 'http://127.0.0.1:9/v1' WHERE name = 'foreign-vendor'");
    await expect
      .poll(
        async () => {
          const answer = await gate().chat(chatRequest("foreign"));
          return { status: answer.status, body: await answer.json() };
        },
        { timeout: 2_000 },
      )
      .toMatchObject({
        status: 502,
        body: { error: { message: "The provider could not be reached.", code: "upstream_unavailable" } },
      });
  });
});
