import { describe, expect, test } from "vitest";
import { chatRequest, configFor, keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";

const WITHIN = { timeout: 1_000, interval: 20 };

describe.each(mounts)("%s mount: a change in the database is in force within a second", (mount) => {
  const gate = useGateway(mount);
  const status = async (model: string, key: string): Promise<number> => {
    const answer = await gate().chat(chatRequest(model), { key });
    await answer.arrayBuffer();
    return answer.status;
  };

  test("a disabled key is refused with a reason, and works again when enabled", async () => {
    expect(await status("plain", keys.spare)).toBe(200);
    await gate().sql.query("UPDATE virtual_key SET enabled = false WHERE name = 'spare'");
    await expect.poll(() => status("plain", keys.spare), WITHIN).toBe(401);
    const answer = await gate().chat(chatRequest(), { key: keys.spare });
    expect((await answer.json()).error.message).toMatch(/disabled/i);
    await gate().sql.query("UPDATE virtual_key SET enabled = true WHERE name = 'spare'");
    await expect.poll(() => status("plain", keys.spare), WITHIN).toBe(200);
  });

  test("a key's models", async () => {
    expect(await status("hidden", keys.spare)).toBe(200);
    await gate().sql.query("UPDATE virtual_key SET models = '{plain,for*}' WHERE name = 'spare'");
    await expect.poll(() => status("hidden", keys.spare), WITHIN).toBe(404);
    expect(await status("plain", keys.spare)).toBe(200);
    await gate().sql.query("UPDATE virtual_key SET models = '{*}' WHERE name = 'spare'");
    await expect.poll(() => status("hidden", keys.spare), WITHIN).toBe(200);
  });

  test("a key that was refused as unknown a moment ago works once it exists", async () => {
    const key = "condt_made_later_0123456789abcdefghijklmnop";
    expect(await status("plain", key)).toBe(401);
    const { createHash } = await import("node:crypto");
    await gate().sql.query(
      "INSERT INTO virtual_key (id, name, hash, prefix, last4, updated_at) VALUES (gen_random_uuid(), 'made-later', $1, 'condt_made', 'mnop', now())",
      [createHash("sha256").update(key).digest("hex")],
    );
    await expect.poll(() => status("plain", key), WITHIN).toBe(200);
    await gate().sql.query("DELETE FROM virtual_key WHERE name = 'made-later'");
    await expect.poll(() => status("plain", key), WITHIN).toBe(401);
  });

  test("a model that is added, renamed and disabled", async () => {
    await gate().sql.query(`
      WITH made AS (INSERT INTO model (id, name, updated_at) VALUES (gen_random_uuid(), 'added', now()) RETURNING id)
      INSERT INTO deployment (id, model_id, provider_id, upstream_model, updated_at)
      SELECT gen_random_uuid(), made.id, provider.id, 'vendor-model-9', now() FROM made, provider WHERE provider.name = 'vendor'`);
    await expect.poll(() => status("added", keys.caller), WITHIN).toBe(200);
    expect(JSON.parse(gate().upstream.last().body.toString()).model).toBe("vendor-model-9");
    await gate().sql.query("UPDATE model SET name = 'renamed' WHERE name = 'added'");
    await expect.poll(() => status("renamed", keys.caller), WITHIN).toBe(200);
    expect(await status("added", keys.caller)).toBe(404);
    await gate().sql.query("UPDATE model SET enabled = false WHERE name = 'renamed'");
    await expect.poll(() => status("renamed", keys.caller), WITHIN).toBe(404);
  });

  test("an unpriced model's calls are in the ledger without a cost, not as free", async () => {
    await gate().sql.query(
      "DELETE FROM price USING deployment, model WHERE price.deployment_id = deployment.id AND deployment.model_id = model.id AND model.name = 'hidden'",
    );
    await expect
      .poll(async () => (await gate().ledgerRow(await gate().chat(chatRequest("hidden")))).cost_nano, {
        timeout: 4_000,
      })
      .toBeNull();
  });

  test("a changed conduit.json is applied while running, a broken one is not", async () => {
    const config = configFor(gate().upstream.url);
    gate().gateway.configure({
      ...config,
      models: [...config.models, { name: "from-file", deployments: [{ provider: "vendor", model: "vendor-model-3" }] }],
    });
    await expect.poll(() => status("from-file", keys.caller), { timeout: 5_000 }).toBe(200);
    gate().gateway.configure({
      ...config,
      models: [{ name: "broken", deployments: [{ provider: "nobody", model: "x" }] }],
    });
    await expect.poll(() => gate().gateway.output(), { timeout: 5_000 }).toMatch(/nobody/);
    expect(await status("plain", keys.caller)).toBe(200);
    expect(await status("from-file", keys.caller)).toBe(200);
  });
});
