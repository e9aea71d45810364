import { afterAll, beforeAll, expect, test } from "vitest";
import { testApi } from "@/tests/api/support";

const api = testApi();
const ROUNDS = 60;

const warnings: string[] = [];
const keep = (warning: Error) => void warnings.push(warning.message);
beforeAll(() => void process.on("warning", keep));
afterAll(() => void process.off("warning", keep));

/** A model with what serves it, there and gone again as conduit.json's are: each in one transaction. */
async function comeAndGo(): Promise<void> {
  await api.sql.query(`
    WITH provider AS (INSERT INTO provider (id, name, type, updated_at) VALUES (gen_random_uuid(), 'fleeting', 'demo', now()) RETURNING id),
         model AS (INSERT INTO model (id, name, updated_at) VALUES (gen_random_uuid(), 'fleeting', now()) RETURNING id)
    INSERT INTO deployment (id, model_id, provider_id, upstream_model, updated_at)
    SELECT gen_random_uuid(), model.id, provider.id, 'demo', now() FROM model, provider`);
  await api.sql.query("BEGIN; DELETE FROM deployment; DELETE FROM model; DELETE FROM provider; COMMIT");
}

test("a list shows one moment, also while what it shows is removed", async () => {
  let going = true;
  const change = async () => {
    for (let round = 0; round < ROUNDS && going; round++) await comeAndGo();
    going = false;
  };
  const readWhileChanging = async (read: () => Promise<unknown>) => {
    try {
      while (going) await read();
    } finally {
      going = false;
    }
  };
  const { models, deployments, providers, keys } = api.as();
  const lists = [models.list, deployments.list, providers.list, keys.list];
  await expect(Promise.all([change(), ...lists.map((list) => readWhileChanging(() => list()))])).resolves.toBeTruthy();
  // Node says each warning once in the life of a process, on the terminal of whoever started it.
  expect(warnings).toEqual([]);
});
