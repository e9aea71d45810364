import { describe, expect, test } from "vitest";
import { chatRequest, chunks, completion, credentials, keys, useGateway } from "@/tests/support/fixture";
import { mounts, secrets } from "@/tests/support/gateway";
import { json, openAiEvents, stream } from "@/tests/support/upstream";

const PATH = "/v1/chat/completions";
const everySecret = { ...keys, ...credentials, ...secrets, databasePassword: "conduit:test@" };

describe.each(mounts)("%s mount: no secret is ever written or told", (mount) => {
  const gate = useGateway(mount, { env: { CONDUIT_LOG_LEVEL: "trace" } });

  test("not in the log, an answer, or a table, whatever happens", async () => {
    const told: string[] = [];
    const note = async (answer: Response): Promise<void> => {
      told.push(JSON.stringify([...answer.headers]), await answer.text());
    };
    const scenarios = [
      json(completion()),
      stream(openAiEvents(chunks())),
      stream("data: {oops\n\n", { ending: "cut" }),
      json({ error: { message: `Incorrect API key provided: ${credentials.plain}` } }, { status: 401 }),
      json({ error: { message: `No access with ${credentials.plain}` } }, { status: 400 }),
      json(`<html>${credentials.plain}</html>`, { status: 500 }),
      json("garbled"),
    ];
    for (const scenario of scenarios) {
      gate().upstream.on(PATH, scenario);
      gate().upstream.on("/v1/messages", scenario);
      for (const model of ["plain", "foreign", "none"]) {
        for (const streamed of [true, false]) await note(await gate().chat(chatRequest(model, { stream: streamed })));
      }
    }
    for (const key of Object.values(keys)) {
      for (const path of ["/v1/key", "/v1/models", "/v1/nothing", "/metrics"])
        await note(await gate().get(path, { key }));
      await note(await gate().chat("{bad", { key }));
    }
    await note(await gate().chat(chatRequest(), { key: null, headers: { "x-api-key": keys.expired } }));

    const tables = await gate().sql.query<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace",
    );
    const rows = await Promise.all(
      tables.rows.map(({ name }) => gate().sql.query(`SELECT to_jsonb(t)::text AS row FROM "${name}" t`)),
    );
    const stored = rows.flatMap((result) => result.rows.map((one) => String(one.row))).join("\n");
    expect(stored).toContain("caller");

    const output = gate().gateway.output();
    expect(output.length).toBeGreaterThan(0);
    for (const [name, secret] of Object.entries(everySecret)) {
      expect(output.includes(secret), `${name} in the log`).toBe(false);
      expect(told.join("\n").includes(secret), `${name} in an answer`).toBe(false);
      expect(stored.includes(secret), `${name} in the database`).toBe(false);
    }
  });
});
