import { expect, test } from "vitest";
import { testApi } from "@/tests/api/support";

const api = testApi();

test("the demonstration and the key of the first start do not count as a newcomer's own steps", async () => {
  const { setup, keys, providers } = api.as();
  expect((await keys.list()).length).toBe(1);
  expect((await providers.list()).map((provider) => provider.demo)).toEqual([true]);
  const status = await setup.status();
  expect(status).toMatchObject({ providers: 0, models: 0, keys: 0, calls: 0, dismissed: false });
  expect(status.steps.map((step) => step.done)).toEqual([false, false, false, false]);
});

test("each step is done when its thing is there", async () => {
  const { setup, keys, providers, models } = api.as();
  const { id } = await providers.create({
    name: "p",
    type: "openai",
    keys: [{ name: "k", apiKey: "sk-0123456789ab" }],
  });
  await models.addFromProvider({ providerId: id, models: [{ upstreamModel: "gpt-4o", name: "m" }] });
  await keys.create({ name: "mine" });
  await api.sql.query(
    "INSERT INTO call_rollup (hour, key_id, model, provider_name, calls) VALUES (now(), '', 'm', 'p', 3)",
  );
  expect(await setup.status()).toEqual({
    providers: 1,
    models: 1,
    keys: 1,
    calls: 3,
    dismissed: false,
    steps: ["provider", "models", "key", "call"].map((step) => ({ id: step, done: true })),
  });
});

test("the checklist stays hidden once it was dismissed", async () => {
  const { setup } = api.as();
  await setup.dismiss();
  await setup.dismiss();
  expect((await setup.status()).dismissed).toBe(true);
  expect((await api.audit("setup")).map((entry) => entry.action)).toEqual(["dismiss", "dismiss"]);
});
