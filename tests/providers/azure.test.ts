import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { authorize, withoutCredential } from "@/server/outbound/authorize";
import { azure } from "@/server/providers/azure";
import type { Auth, Target } from "@/server/providers/provider";
import { Secret } from "@/server/secret";
import { changed } from "@/tests/providers/likes";
import { startUpstream, type Upstream } from "@/tests/support/upstream";

const RESOURCE = "https://acme.openai.azure.com";
const target = (overrides: Partial<Target> = {}): Target => ({
  baseUrl: RESOURCE,
  model: "my gpt",
  headers: {},
  options: {},
  ...overrides,
});

if (azure.chat?.kind !== "native") throw new Error("Azure speaks OpenAI's dialect.");
const { chat } = azure;
const asked = { stream: false };

describe("addresses", () => {
  test.each([RESOURCE, `${RESOURCE}/openai`, `${RESOURCE}/openai/v1`])(
    "%s is the resource of the v1 API",
    (baseUrl) => {
      expect(chat.url(target({ baseUrl }), asked)).toBe(`${RESOURCE}/openai/v1/chat/completions`);
      expect(azure.native?.responses?.url(target({ baseUrl }), asked)).toBe(`${RESOURCE}/openai/v1/responses`);
      expect(azure.listModels?.encode(target({ baseUrl })).url).toBe(`${RESOURCE}/openai/v1/models`);
    },
  );

  test("the v1 API may be asked for by a name of its version", () => {
    const options = { apiVersion: "preview" };
    expect(chat.url(target({ options }), asked)).toBe(`${RESOURCE}/openai/v1/chat/completions?api-version=preview`);
  });

  test("a dated version has the deployment in the URL, but for what is asked of the resource", () => {
    const dated = target({ options: { apiVersion: "2024-10-21" } });
    const query = "?api-version=2024-10-21";
    expect(chat.url(dated, asked)).toBe(`${RESOURCE}/openai/deployments/my%20gpt/chat/completions${query}`);
    expect(azure.native?.completions?.url(dated, asked)).toBe(
      `${RESOURCE}/openai/deployments/my%20gpt/completions${query}`,
    );
    expect(azure.native?.responses?.url(dated, asked)).toBe(`${RESOURCE}/openai/responses${query}`);
    expect(azure.listModels?.encode(dated).url).toBe(`${RESOURCE}/openai/models${query}`);
    const { request } = azure.embeddings?.encode({ model: "name", input: "a" }, dated) ?? {};
    expect(request?.url).toBe(`${RESOURCE}/openai/deployments/my%20gpt/embeddings${query}`);
    expect(JSON.parse(String(request?.body))).toEqual({ model: "my gpt", input: "a" });
  });
});

test("a deployment that is named for a model that reasons is asked as OpenAI's is", () => {
  const body = { messages: [{ role: "user", content: "a" }], max_tokens: 5 };
  expect(changed("azure", body, "o4-mini")).toEqual({
    set: { max_completion_tokens: 5 },
    out: ["max_tokens"],
    dropped: [],
  });
});

describe("errors", () => {
  test("what the content filter refuses says so", () => {
    const error = {
      message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
      type: null,
      param: "prompt",
      code: "content_filter",
      status: 400,
      innererror: { code: "ResponsibleAIPolicyViolation", content_filter_result: { hate: { filtered: true } } },
    };
    expect(azure.classify(400, { error })).toMatchObject({
      kind: "upstream_rejected",
      code: "content_filter",
      param: "prompt",
    });
  });

  test.each([
    [401, { error: { code: "401", message: "Access denied due to invalid subscription key." } }, "upstream_denied"],
    [401, { statusCode: 401, message: "Unauthorized." }, "upstream_denied"],
    [
      404,
      { error: { code: "DeploymentNotFound", message: "The API deployment does not exist." } },
      "upstream_rejected",
    ],
    [429, { error: { code: "429", message: "Requests have exceeded the token rate limit." } }, "upstream_rate_limited"],
    [500, { error: { code: "InternalServerError" } }, "upstream_unavailable"],
  ])("%d %j is %s", (status, body, kind) => {
    expect(azure.classify(status, body).kind).toBe(kind);
  });
});

describe("credentials", () => {
  let identity: Upstream;
  let tenant = 0;
  const request = { method: "POST" as const, url: `${RESOURCE}/openai/v1/chat/completions`, headers: { "x-a": "b" } };
  const allowed = { allowPrivateNetwork: true };

  beforeAll(async () => {
    identity = await startUpstream();
  });
  afterAll(() => identity.stop());
  // Tokens are remembered by their credential: every test has its own.
  beforeEach(() => {
    tenant++;
  });

  const auth = (): Auth => ({
    scheme: "oauth-client",
    keyHeader: "api-key",
    authorities: { [identity.url]: "scope/.default" },
  });
  const credential = (fields: object = {}) =>
    new Secret(JSON.stringify({ tenantId: `tenant-${tenant}`, clientId: "app", clientSecret: "s3cr3t/+", ...fields }));
  const path = () => `/tenant-${tenant}/oauth2/v2.0/token`;
  const calls = () => identity.received.filter((one) => one.path === path());

  function answers(status: number, ...bodies: object[]): void {
    let next = 0;
    identity.on(path(), (_request, response) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(bodies[Math.min(next++, bodies.length - 1)]));
    });
  }

  test("a key goes into its header, at once", () => {
    expect(authorize(request, azure.auth, new Secret("k1"))).toEqual({
      ...request,
      headers: { "x-a": "b", "api-key": "k1" },
    });
  });

  test("an application is given a token, once for all calls until it ends", async () => {
    answers(200, { token_type: "Bearer", expires_in: 3599, access_token: "t1" });
    const made = await Promise.all([1, 2, 3].map(() => authorize(request, auth(), credential(), allowed)));
    for (const one of made) expect(one.headers).toEqual({ "x-a": "b", authorization: "Bearer t1" });
    await authorize(request, auth(), credential(), allowed);
    expect(calls()).toHaveLength(1);
    expect(Object.fromEntries(new URLSearchParams(calls()[0]?.body.toString()))).toEqual({
      grant_type: "client_credentials",
      client_id: "app",
      client_secret: "s3cr3t/+",
      scope: "scope/.default",
    });
  });

  test("a token near its end is replaced, by one request for all who ask then", async () => {
    answers(200, { expires_in: 200, access_token: "t1" }, { expires_in: 3600, access_token: "t2" });
    const first = await authorize(request, auth(), credential(), allowed);
    expect(first.headers.authorization).toBe("Bearer t1");
    const later = await Promise.all([1, 2, 3].map(() => authorize(request, auth(), credential(), allowed)));
    expect(later.map((one) => one.headers.authorization)).toEqual(["Bearer t2", "Bearer t2", "Bearer t2"]);
    expect(calls()).toHaveLength(2);
  });

  test.each([
    [401, { error: "invalid_client", error_description: "AADSTS7000215: s3cr3t/+" }, "upstream_denied"],
    [503, {}, "upstream_unavailable"],
    [200, { access_token: "" }, "upstream_garbled"],
  ])("a refusal is not remembered, and says nothing of the secret: %d %j", async (status, body, kind) => {
    answers(status, body);
    const refused = authorize(request, auth(), credential(), allowed);
    await expect(refused).rejects.toMatchObject({ kind, message: expect.not.stringContaining("s3cr3t") });
    answers(200, { expires_in: 3600, access_token: "t3" });
    const made = await authorize(request, auth(), credential(), allowed);
    expect(made.headers.authorization).toBe("Bearer t3");
  });

  test("the secret goes to no other place than the identity services of the vendor's clouds", async () => {
    const elsewhere = credential({ authority: "https://evil.example" });
    await expect(async () => authorize(request, azure.auth, elsewhere)).rejects.toMatchObject({
      kind: "upstream_denied",
    });
    await expect(async () => authorize(request, azure.auth, credential({ tenantId: "../x" }))).rejects.toMatchObject({
      kind: "upstream_denied",
    });
    await expect(async () => authorize(request, auth(), credential())).rejects.toMatchObject({
      kind: "upstream_denied",
    });
    expect(calls()).toHaveLength(0);
  });

  test("JSON that is no application is refused, not sent as a key", async () => {
    for (const text of ["{}", "{broken", '{"tenantId":"a"}'])
      await expect(async () => authorize(request, azure.auth, new Secret(text))).rejects.toMatchObject({
        kind: "upstream_denied",
      });
  });

  test("the secret is blacked out of what an upstream says", () => {
    expect(withoutCredential("No app with s3cr3t/+.", credential())).toBe("No app with [secret].");
  });
});
