import { describe, expect, test } from "vitest";
import { completion, credentials, keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { json } from "@/tests/support/upstream";

const PATH = "/v1/chat/completions";

describe.each(mounts)("%s mount: a whole answer of a native upstream passes untouched", (mount) => {
  const gate = useGateway(mount);

  test("the caller gets the vendor's bytes, with fields, numbers and white space that no parser would keep", async () => {
    const body =
      '{ "id":"x",  "new_field": {"deep": [1.0, 12345678901234567890, 1e3]},\n' +
      `\t"choices":${JSON.stringify(completion().choices)}, "usage":{"prompt_tokens":1,"completion_tokens":1}, "id":"again" }\n`;
    gate().upstream.on(PATH, json(body));
    const answer = await gate().chat({ model: "plain", messages: [{ role: "user", content: "x" }] });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await answer.text()).toBe(body);
  });

  test("the vendor gets the caller's bytes, but for the model's name", async () => {
    const sent = (model: string): string =>
      `{\n "seed" : 123456789012345678901234567890 ,"zeta":{"b":1.50,"a":[ ]},  "model" :${model}, "messages":[{"role":"user",\t"content":"\\u00fc {\\"model\\":\\"plain\\"}"}],"alpha":1e2}`;
    const answer = await gate().chat(sent('"plain"'));
    expect(answer.status).toBe(200);
    expect(gate().upstream.last().body.toString()).toBe(sent('"vendor-model-1"'));
  });

  test.each([
    [
      "below other fields called model",
      '{"metadata":{"model":"plain"},"messages":[{"role":"user","content":"x","model":"plain"}],"model":"plain"}',
    ],
    ["spelt with an escape", '{"mod\\u0065l":"plain","messages":[{"role":"user","content":"x"}]}'],
    [
      "given twice, of which the last counts",
      '{"model":"hidden","messages":[{"role":"user","content":"x"}],"model":"plain"}',
    ],
    [
      "given twice, also when it is the vendor's own name",
      '{"model":"vendor-model-9","messages":[{"role":"user","content":"x"}],"model":"vendor/vendor-model-1"}',
    ],
    [
      "after a text full of quotes and braces",
      '{"messages":[{"role":"user","content":"\\\\\\"}],\\"model\\":\\"no\\"{"}],"model":"plain"}',
    ],
  ])("the model's name is replaced where it is %s", async (_where, text) => {
    const answer = await gate().chat(text);
    expect(answer.status, await answer.text()).toBe(200);
    const sent = JSON.parse(gate().upstream.last().body.toString());
    expect(sent).toEqual({ ...JSON.parse(text), model: "vendor-model-1" });
    // A vendor may take the first of two equal names, which nobody has checked.
    expect(gate().upstream.last().body.toString()).not.toMatch(/"vendor-model-9"|"model":"hidden"/);
  });

  test("the vendor gets the operator's credential and headers, and nothing that identifies the caller", async () => {
    await gate().chat(
      { model: "plain", messages: [{ role: "user", content: "x" }] },
      {
        headers: {
          cookie: "session=1",
          "x-api-key": keys.caller,
          "x-secret-of-caller": "s",
          "openai-organization": "org-1",
        },
      },
    );
    const { headers } = gate().upstream.last();
    expect(headers).toMatchObject({
      authorization: `Bearer ${credentials.plain}`,
      "x-from-operator": "yes",
      "content-type": expect.stringMatching(/^application\/json/),
    });
    expect(JSON.stringify(headers)).not.toMatch(/condt_|session=1|x-secret-of-caller|org-1/);
  });

  test("a large answer arrives whole", async () => {
    const content = "Grüße 世界 👋 ".repeat(200_000);
    const body = JSON.stringify(completion({ padding: content }));
    gate().upstream.on(PATH, json(body));
    const answer = await gate().chat({ model: "plain", messages: [{ role: "user", content: "x" }] });
    expect((await answer.text()) === body).toBe(true);
  });

  test("the answer says which provider and model served it", async () => {
    const answer = await gate().chat({ model: "plain", messages: [{ role: "user", content: "x" }] });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-conduit-provider": "vendor",
      "x-conduit-model": "vendor-model-1",
      "x-conduit-attempts": "1",
    });
  });
});
