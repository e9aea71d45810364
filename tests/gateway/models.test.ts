import { describe, expect, test } from "vitest";
import { chatRequest, configFor, keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";

describe.each(mounts)("%s mount: a key sees and uses exactly its models", (mount) => {
  const gate = useGateway(mount, {
    config: (url) => {
      const { models, ...rest } = configFor(url);
      return { ...rest, models: [...models, { name: "other-name", fallbacks: ["plain"], deployments: [] }] };
    },
  });

  test("the list has OpenAI's shape and only what the key may use", async () => {
    const listed = async (key: string) =>
      (await (await gate().get("/v1/models", { key })).json()) as { object: string; data: { id: string }[] };
    const all = await listed(keys.caller);
    expect(all.object).toBe("list");
    expect(all.data.map((one) => one.id)).toEqual(expect.arrayContaining(["plain", "foreign", "hidden"]));
    for (const one of all.data) {
      expect(one).toMatchObject({
        id: expect.any(String),
        object: "model",
        created: expect.any(Number),
        owned_by: expect.stringMatching(/\S/),
      });
    }
    expect((await listed(keys.narrow)).data.map((one) => one.id)).toEqual(["plain"]);
  });

  test("one model by its name", async () => {
    const answer = await gate().get("/v1/models/plain", { key: keys.narrow });
    expect(answer.status).toBe(200);
    const model = await answer.json();
    expect(model).toMatchObject({ id: "plain", object: "model" });
    expect(Math.abs(model.created - Date.now() / 1000)).toBeLessThan(600);
    const missing = await gate().get("/v1/models/hidden", { key: keys.narrow });
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ error: { code: "model_not_found", type: "invalid_request_error" } });
  });

  test("a model of fallbacks alone is another name for them: listed, told of and served", async () => {
    const listed = await (await gate().get("/v1/models", { key: keys.caller })).json();
    expect(listed.data.map(({ id }: { id: string }) => id)).toContain("other-name");
    expect((await gate().get("/v1/models/other-name", { key: keys.caller })).status).toBe(200);
    expect((await gate().get("/v1/models/other-name", { key: keys.narrow })).status).toBe(404);
    expect((await gate().chat(chatRequest("other-name"))).status).toBe(200);
  });

  test("a model may be addressed as provider/model when the key allows it", async () => {
    const answer = await gate().chat(chatRequest("vendor/vendor-model-1"));
    expect(answer.status).toBe(200);
    expect(JSON.parse(gate().upstream.last().body.toString()).model).toBe("vendor-model-1");
    expect(await gate().ledgerRow(answer)).toMatchObject({
      model: "vendor/vendor-model-1",
      upstream_model: "vendor-model-1",
      provider_name: "vendor",
    });
    expect((await gate().chat(chatRequest("vendor/vendor-model-1"), { key: keys.narrow })).status).toBe(404);
  });

  test("a key can be asked about itself, and says nothing of itself that must not be known", async () => {
    const answer = await gate().get("/v1/key", { key: keys.single });
    expect(answer.status).toBe(200);
    const text = await answer.text();
    const body = JSON.parse(text);
    expect(body).toMatchObject({ name: "single", models: ["*"], limits: { concurrent: 1 } });
    expect(text).not.toContain(keys.single);
    const hash = await gate().sql.query("SELECT hash FROM virtual_key WHERE name = 'single'");
    expect(text).not.toContain(hash.rows[0]?.hash);
  });

  test("a key with a limit of one parallel call gets a second one refused with a hint when to come back", async () => {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    gate().upstream.on("/v1/chat/completions", async (_request, response) => {
      await opened;
      response.writeHead(200, { "content-type": "application/json" }).end('{"choices":[]}');
    });
    const seen = gate().upstream.received.length;
    const first = gate().chat(chatRequest(), { key: keys.single });
    await expect.poll(() => gate().upstream.received.length).toBe(seen + 1);
    const second = await gate().chat(chatRequest(), { key: keys.single });
    expect(second.status).toBe(429);
    expect(await second.json()).toMatchObject({ error: { type: "rate_limit_error", code: "rate_limit_exceeded" } });
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    open();
    expect((await first).status).toBe(200);
    expect((await gate().chat(chatRequest(), { key: keys.single })).status).toBe(200);
  });
});
