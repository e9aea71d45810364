import { describe, expect, test } from "vitest";
import { configFor, keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";

/** May use what nobody configured. */
const directKey = "condt_direct_0123456789abcdefghijklmnopqrstuv";

/** Models of vendors that no test calls: what is known of them is known by their names. */
function config(upstreamUrl: string) {
  const base = configFor(upstreamUrl);
  const model = (name: string, ...deployments: [string, string, object?][]) => ({
    name,
    deployments: deployments.map(([provider, upstream, price], priority) => ({
      provider,
      model: upstream,
      priority,
      ...(price && { price }),
    })),
  });
  return {
    ...base,
    providers: [
      ...base.providers,
      { name: "oai", type: "openai", keys: [{ name: "main", apiKey: "sk-none" }] },
      { name: "claude", type: "anthropic", keys: [{ name: "main", apiKey: "sk-ant-none" }] },
    ],
    models: [
      ...base.models,
      model("big", ["oai", "gpt-5.4"]),
      model("sonnet", ["claude", "claude-sonnet-4-5"]),
      model("vectors", ["oai", "text-embedding-3-small"]),
      model("mixed", ["oai", "gpt-4o"], ["claude", "claude-sonnet-4-5"]),
      model("priced", ["vendor", "gpt-3.5-turbo", { inputPerMillion: 1.5, outputPerMillion: 2, perCall: 0.0005 }]),
    ],
    virtualKeys: [...base.virtualKeys, { name: "direct", key: directKey, models: ["oai/*"] }],
  };
}

describe.each(mounts)("%s mount: models can be found by what they can do", (mount) => {
  const gate = useGateway(mount, { config });
  const json = async (path: string, key?: string) => {
    const answer = await gate().get(path, key === undefined ? {} : { key });
    return { status: answer.status, body: await answer.json() };
  };
  const found = async (query: string, key?: string): Promise<string[]> => {
    const { body } = await json(`/v1/discovery/models${query}`, key);
    // The Next mount is a whole installation, which begins with the demo.
    return body.data.map((model: { id: string }) => model.id).filter((id: string) => id !== "demo");
  };
  const conduit = async (id: string, key?: string) => (await json(`/v1/models/${id}`, key)).body.conduit;

  test("a model says what it can do, how long its context is and what it costs", async () => {
    expect(await conduit("sonnet")).toEqual({
      capabilities: {
        chat: true,
        responses: true,
        streaming: true,
        tools: true,
        vision: true,
        pdf_in: true,
        audio_in: false,
        audio_out: false,
        json_schema: true,
        reasoning: true,
        embeddings: false,
        rerank: false,
        moderations: false,
      },
      context_window: 200_000,
      max_output_tokens: 64_000,
      prices: {
        currency: "USD",
        per_million_tokens: {
          input: "3",
          cached_input: "0.3",
          cache_write: "3.75",
          cache_write_1h: "6",
          output: "15",
        },
        tiers: expect.any(Array),
      },
      provider_types: ["anthropic"],
    });
  });

  test("prices that rise with the length of the input say from where on", async () => {
    const { prices, context_window } = await conduit("big");
    expect(prices.per_million_tokens).toMatchObject({ input: "2.5", output: "15" });
    expect(prices.tiers).toEqual([
      {
        above_input_tokens: expect.any(Number),
        per_million_tokens: expect.objectContaining({ input: "5" }),
      },
    ]);
    expect(context_window).toBe(1_050_000);
  });

  test("a price of the admin's own is told to the last digit", async () => {
    expect((await conduit("priced")).prices).toEqual({
      currency: "USD",
      per_million_tokens: { input: "1.5", output: "2" },
      per_request: "0.0005",
    });
  });

  test("what is not known is null, and is never found", async () => {
    const { capabilities, ...rest } = await conduit("plain");
    expect(rest).toMatchObject({
      context_window: null,
      max_output_tokens: null,
      provider_types: ["openai-compatible"],
    });
    expect(new Set(Object.values(capabilities))).toEqual(new Set([null]));
    for (const capability of Object.keys(capabilities))
      expect(await found(`?capability=${capability}`)).not.toContain("plain");
    expect(await found("")).toContain("plain");
  });

  test("a model of several vendors can what all of them can, and holds what the smallest holds", async () => {
    expect(await conduit("mixed")).toMatchObject({
      capabilities: { chat: true, vision: true, tools: true, reasoning: false, embeddings: false },
      context_window: 128_000,
      max_output_tokens: 16_384,
      provider_types: ["openai", "anthropic"],
    });
  });

  test("a model that no one configured is known by its name too", async () => {
    expect(await conduit("oai/gpt-4o-mini", directKey)).toMatchObject({
      capabilities: { chat: true, vision: true },
      prices: null,
      provider_types: ["openai"],
    });
  });

  test("several capabilities must all be there, asked for once each or with commas", async () => {
    expect((await found("?capability=chat")).sort()).toEqual(["big", "foreign", "mixed", "priced", "sonnet"]);
    expect((await found("?capability=vision&capability=reasoning")).sort()).toEqual(["big", "sonnet"]);
    expect((await found("?capability=vision,reasoning,pdf_in")).sort()).toEqual(["big", "sonnet"]);
    expect(await found("?capability=embeddings")).toEqual(["vectors"]);
    expect(await found("?capability=embeddings&capability=chat")).toEqual([]);
    expect(await found("?capability=chat", keys.narrow)).toEqual([]);
    expect(await found("", keys.narrow)).toEqual(["plain"]);
  });

  test("a word that is no capability is refused with all that are", async () => {
    const { status, body } = await json("/v1/discovery/models?capability=chat&capability=telepathy");
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ type: "invalid_request_error", param: "capability" });
    expect(body.error.message).toMatch(/'telepathy'.*chat.*vision.*rerank/);
    expect((await json("/v1/discovery/models?capability=__proto__")).status).toBe(400);
  });

  test("the capabilities are listed with what they mean and how many of the key's models have them", async () => {
    const { body } = await json("/v1/discovery/capabilities");
    expect(body.object).toBe("list");
    const counts = Object.fromEntries(body.data.map((one: { id: string; models: number }) => [one.id, one.models]));
    expect(counts).toMatchObject({ chat: mount === "next" ? 6 : 5, vision: 3, reasoning: 2, embeddings: 1, rerank: 0 });
    for (const one of body.data)
      expect(one).toMatchObject({ object: "capability", description: expect.stringMatching(/^[A-Z].*\.$/) });
    const narrow = await json("/v1/discovery/capabilities", keys.narrow);
    expect(narrow.body.data.every((one: { models: number }) => one.models === 0)).toBe(true);
  });

  test("it is for keys alone", async () => {
    for (const path of ["/v1/discovery/models", "/v1/discovery/capabilities"]) {
      expect((await gate().get(path, { key: null })).status).toBe(401);
      expect((await gate().post(path, {})).status).toBe(405);
    }
  });
});
