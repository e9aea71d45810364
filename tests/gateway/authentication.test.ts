import { describe, expect, test } from "vitest";
import { chatRequest, keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";

describe.each(mounts)("%s mount: only a valid key is served", (mount) => {
  const gate = useGateway(mount);

  test.each<[string, Record<string, string>, string | RegExp]>([
    ["no key", {}, /key/i],
    ["an unknown key", { authorization: "Bearer condt_unknown" }, "invalid_api_key"],
    ["an empty key", { authorization: "Bearer " }, /key|bearer/i],
    ["another scheme", { authorization: `Basic ${keys.caller}` }, /bearer/i],
    ["half of a key", { authorization: `Bearer ${keys.caller.slice(0, -1)}` }, "invalid_api_key"],
    ["a key with something after it", { authorization: `Bearer ${keys.caller} x` }, /bearer/i],
    ["a very long key", { authorization: `Bearer ${"x".repeat(8_000)}` }, "invalid_api_key"],
    ["a key with quotes of SQL", { authorization: "Bearer ' OR 1=1 --" }, /key|bearer/i],
    ["an expired key", { authorization: `Bearer ${keys.expired}` }, /expired on 2020-01-01/],
    ["a wrong key in x-api-key", { "x-api-key": "condt_unknown" }, "invalid_api_key"],
  ])("%s: 401 with a reason", async (_what, headers, reason) => {
    const seen = gate().upstream.received.length;
    for (const answer of [
      await gate().chat(chatRequest(), { key: null, headers }),
      await gate().get("/v1/models", { key: null, headers }),
      await gate().get("/v1/key", { key: null, headers }),
    ]) {
      expect(answer.status).toBe(401);
      const { error } = await answer.json();
      expect(error).toMatchObject({ type: "invalid_request_error", param: null });
      expect(typeof reason === "string" ? error.code : error.message).toMatch(reason);
      expect(answer.headers.get("x-request-id")).toBeTruthy();
    }
    expect(gate().upstream.received.length).toBe(seen);
  });

  test.each<[string, Record<string, string>]>([
    ["as a bearer", { authorization: `Bearer ${keys.caller}` }],
    ["as a bearer in lower case", { authorization: `bearer  ${keys.caller}` }],
    ["in x-api-key", { "x-api-key": keys.caller }],
  ])("a valid key %s", async (_how, headers) => {
    expect((await gate().chat(chatRequest(), { key: null, headers })).status).toBe(200);
  });

  test("a bearer counts before x-api-key", async () => {
    const answer = await gate().chat(chatRequest(), { key: "condt_unknown", headers: { "x-api-key": keys.caller } });
    expect(answer.status).toBe(401);
  });

  test("a key is checked before its request is read", async () => {
    const answer = await gate().chat("{not json", { key: "condt_unknown" });
    expect(answer.status).toBe(401);
  });

  test("a forbidden model looks exactly like one that does not exist", async () => {
    const refusal = async (model: string, key: string) => {
      const answer = await gate().chat(chatRequest(model), { key });
      return { status: answer.status, body: (await answer.text()).replaceAll(model, "MODEL") };
    };
    const unknown = await refusal("no-such-model", keys.narrow);
    expect(unknown.status).toBe(404);
    expect(JSON.parse(unknown.body)).toMatchObject({
      error: { type: "invalid_request_error", code: "model_not_found", param: "model" },
    });
    for (const model of [
      "hidden",
      "foreign",
      "vendor/vendor-model-1",
      "vendor/none",
      "no-vendor/x",
      "vendor/",
      "/",
      "__proto__",
      "Plain",
    ]) {
      expect(await refusal(model, keys.narrow), model).toEqual(unknown);
    }
    const list = async (model: string) => {
      const answer = await gate().get(`/v1/models/${encodeURIComponent(model)}`, { key: keys.narrow });
      return { status: answer.status, body: (await answer.text()).replaceAll(model, "MODEL") };
    };
    expect(await list("hidden")).toEqual(await list("no-such-model"));
  });

  test("the admin's secrets are no virtual keys", async () => {
    for (const key of ["backend-key-of-the-tests-4f1c", "admin-password-of-the-tests-9b2e"]) {
      expect((await gate().chat(chatRequest(), { key })).status).toBe(401);
    }
  });
});
