import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, test } from "vitest";
import { environment, plays, providerAt } from "@/tests/failover/setting";
import { ANSWER, faulty, healthy, thoughtful } from "@/tests/failover/vendor";
import { keys, useGateway } from "@/tests/support/fixture";
import { namedEvents, type Scenario, stream } from "@/tests/support/upstream";

const price = { inputPerMillion: 1, outputPerMillion: 4 };
/** The first is passed on as it is, and the second has to be translated. */
const CLAUDE = "claude";
const SPARE = "spare";
const MODEL = "claude-future";

function config(upstreamUrl: string) {
  const claude = {
    ...providerAt(upstreamUrl, CLAUDE),
    type: "anthropic",
    keys: [{ name: "main", apiKey: "sk-ant-test" }],
  };
  return {
    providers: [claude, providerAt(upstreamUrl, SPARE)],
    models: [
      {
        name: "both",
        deployments: [
          { provider: CLAUDE, model: MODEL, priority: 0, price },
          { provider: SPARE, model: "small-model", priority: 1, price },
        ],
      },
      { name: "alone", rescue: false, deployments: [{ provider: CLAUDE, model: MODEL, price }] },
    ],
    virtualKeys: [{ name: "caller", key: keys.caller, models: ["*"] }],
  };
}

type Event = { readonly type: string; readonly [field: string]: unknown };

const begun: Event = {
  type: "message_start",
  message: {
    ...{ id: "msg_1", type: "message", role: "assistant", model: MODEL, content: [] },
    ...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: 20, output_tokens: 1 } },
  },
};
const opens = (index: number, content_block: object): Event => ({ type: "content_block_start", index, content_block });
const says = (index: number, delta: object): Event => ({ type: "content_block_delta", index, delta });
const closes = (index: number): Event => ({ type: "content_block_stop", index });
const words = ANSWER.split(/(?= )/);
const spoken = (count: number, index = 0): Event[] => [
  opens(index, { type: "text", text: "" }),
  ...words.slice(0, count).map((text) => says(index, { type: "text_delta", text })),
];
const thought = [
  opens(0, { type: "thinking", thinking: "", signature: "" }),
  says(0, { type: "thinking_delta", thinking: "They want words." }),
  says(0, { type: "signature_delta", signature: "c2lnbmVk" }),
];
const overloaded: Event = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };

describe("a stream of Anthropic's own that breaks off", () => {
  const gate = useGateway("server", { env: { ...environment, CONDUIT_BREAKERS: "off" }, config });

  const claudePlays = (scenario: Scenario) => gate().upstream.on(`/${CLAUDE}/v1/messages`, scenario);

  async function ask(model = "both") {
    const response = await fetch(`${gate().gateway.url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": keys.caller, "anthropic-version": "2023-06-01", "content-type": "application/json" },
      body: JSON.stringify({ model, max_tokens: 500, stream: true, messages: [{ role: "user", content: "Count." }] }),
    });
    return { response, body: await response.text() };
  }

  /** The message that Anthropic's own client makes of it. */
  function message() {
    const client = new Anthropic({ baseURL: gate().gateway.url, apiKey: keys.caller, maxRetries: 0 });
    return client.messages
      .stream({ model: "both", max_tokens: 500, messages: [{ role: "user", content: "Count." }] })
      .finalMessage();
  }

  test.each([1, 2, 17, 59, 60])("after %i words: the caller has one whole message", async (count) => {
    plays(gate(), SPARE, healthy);
    claudePlays(stream(namedEvents([begun, ...spoken(count)]), { ending: "cut" }));
    const whole = await message();
    expect(whole.content).toMatchObject([{ type: "text", text: ANSWER }]);
    expect(whole).toMatchObject({ id: "msg_1", stop_reason: "end_turn" });
  });

  test("in the middle of an event: what follows does not stand in it", async () => {
    plays(gate(), SPARE, healthy);
    const whole = namedEvents([begun, ...spoken(5)]);
    claudePlays(stream(whole.slice(0, -25), { ending: "cut" }));
    expect((await message()).content).toMatchObject([{ type: "text", text: ANSWER }]);
  });

  test("after the end of its text, and after a whole thought", async () => {
    plays(gate(), SPARE, healthy);
    claudePlays(stream(namedEvents([begun, ...thought, closes(0), ...spoken(9, 1)]), { ending: "cut" }));
    expect((await message()).content).toMatchObject([
      { type: "thinking", thinking: "They want words.", signature: "c2lnbmVk" },
      { type: "text", text: ANSWER },
    ]);
  });

  test("after a whole thought alone: it gets the answer, and no second thought", async () => {
    plays(gate(), SPARE, thoughtful);
    claudePlays(stream(namedEvents([begun, ...thought, closes(0)]), { ending: "cut" }));
    expect((await message()).content).toEqual([
      { type: "thinking", thinking: "They want words.", signature: "c2lnbmVk" },
      { type: "text", text: ANSWER },
    ]);
  });

  test("by silence, and by an error of the vendor's: the same, and the caller does not hear of it", async () => {
    plays(gate(), SPARE, healthy);
    for (const scenario of [
      stream(namedEvents([begun, ...spoken(7)]), { ending: "stall" }),
      stream(namedEvents([begun, ...spoken(7), overloaded])),
    ]) {
      claudePlays(scenario);
      const { body, response } = await ask();
      expect(body).not.toContain("error");
      expect(body.match(/event: message_start/g)).toHaveLength(1);
      expect(body.match(/event: message_stop/g)).toHaveLength(1);
      const row = await gate().ledgerRow(response);
      expect(row).toMatchObject({ status: 200, error_kind: null, provider_name: SPARE });
      expect(row.trace).toMatchObject([
        {
          provider: CLAUDE,
          error: expect.stringContaining("upstream_"),
          cost_nano: expect.stringMatching(/^[1-9]\d+$/),
        },
        { provider: SPARE, status: 200 },
      ]);
    }
  });

  test.each<[string, Event[]]>([
    ["within a thought", thought],
    [
      "after a call of a tool",
      [...spoken(3), closes(0), opens(1, { type: "tool_use", id: "t", name: "f", input: {} })],
    ],
    ["after its stop reason", [...spoken(3), closes(0), { type: "message_delta", delta: { stop_reason: "end_turn" } }]],
  ])("%s nobody can go on: an error event ends it", async (_when, events) => {
    plays(gate(), SPARE, healthy);
    claudePlays(stream(namedEvents([begun, ...events]), { ending: "cut" }));
    const { body, response } = await ask();
    expect(body.trimEnd().split("\n\n").at(-1)).toContain("event: error");
    expect(body).not.toContain("message_stop");
    expect(await gate().ledgerRow(response)).toMatchObject({ error_kind: "upstream_unavailable" });
  });

  test("where nobody is to go on the vendor's own error reaches the caller", async () => {
    claudePlays(stream(namedEvents([begun, ...spoken(7), overloaded])));
    const { body, response } = await ask("alone");
    // What came in one piece with it goes before it.
    expect(body).toBe(namedEvents([begun, ...spoken(7), overloaded]));
    expect(await gate().ledgerRow(response)).toMatchObject({ error_kind: "upstream_unavailable", status: 502 });
  });

  test("an answer that another target gives otherwise is not joined to it", async () => {
    plays(gate(), SPARE, faulty({}));
    const other = [opens(0, { type: "text", text: "" }), says(0, { type: "text_delta", text: "Something else" })];
    claudePlays(stream(namedEvents([begun, ...other]), { ending: "cut" }));
    const { body } = await ask();
    expect(body).toContain("event: error");
    expect(body).not.toContain("word1");
  });
});
