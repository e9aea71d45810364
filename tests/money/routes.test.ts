import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { routes } from "@/server/http/routes";
import { completion, type Fixture, keys, useGateway } from "@/tests/support/fixture";
import { operationsConfig } from "@/tests/support/operations";
import { json } from "@/tests/support/upstream";

/** A request that spends, or why none of this route can. */
type Known =
  | { readonly path?: string; readonly body: object }
  | { readonly cannot: string; readonly path?: string; readonly body?: object };

const messages = [{ role: "user", content: "Hello?" }];
const contents = { contents: [{ role: "user", parts: [{ text: "Hello?" }] }] };

/** Every route of the gateway, by its method and pattern. */
const known: Readonly<Record<string, Known>> = {
  "POST /v1/chat/completions": { body: { model: "plain", messages } },
  "POST /v1/completions": { body: { model: "plain", prompt: "Hello?" } },
  "POST /v1/messages": { body: { model: "plain", messages, max_tokens: 10 } },
  "POST /v1/messages/count_tokens": {
    cannot: "Vendors count without charge, and nothing is produced.",
    body: { model: "plain", messages },
  },
  "POST /v1/responses": { body: { model: "plain", input: "Hello?" } },
  "POST /v1/responses/{path...}": {
    cannot: "It cancels a stored response; what that one cost is on the call that made it.",
    path: "/v1/responses/resp_x/cancel",
    body: {},
  },
  "GET /v1/responses/{path...}": { cannot: "It reads what is stored.", path: "/v1/responses/resp_x" },
  "DELETE /v1/responses/{path...}": { cannot: "It forgets what is stored.", path: "/v1/responses/resp_x" },
  "POST /v1/embeddings": { body: { model: "vectors", input: "Hello?" } },
  "POST /v1/rerank": { body: { model: "ranker", query: "Hello?", documents: ["a", "b"] } },
  "POST /v1/moderations": { body: { model: "guard-priced", input: "Hello?" } },
  "GET /v1/discovery/models": { cannot: "It reads the catalogue." },
  "GET /v1/discovery/capabilities": {
    cannot: "It reads the catalogue.",
    path: "/v1/discovery/capabilities?model=plain",
  },
  "GET /v1/models": { cannot: "It reads the catalogue." },
  "GET /v1/models/{id...}": { cannot: "It reads the catalogue.", path: "/v1/models/plain" },
  "POST /v1/models/{id...}": { path: "/v1/models/plain:generateContent", body: contents },
  "GET /v1/key": { cannot: "It reads what the key has spent." },
  "GET /v1beta/models": { cannot: "It reads the catalogue." },
  "GET /v1beta/models/{id...}": { cannot: "It reads the catalogue.", path: "/v1beta/models/plain" },
  "POST /v1beta/models/{id...}": { path: "/v1beta/models/plain:generateContent", body: contents },
  "GET /health/live": { cannot: "It calls nobody." },
  "GET /health/ready": { cannot: "It calls nobody." },
  "GET /metrics": { cannot: "It calls nobody." },
};

const all = Object.entries(routes).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method} ${path}`),
);

function config(upstreamUrl: string) {
  const base = operationsConfig(upstreamUrl);
  const guard = { provider: "vendor", model: "guard", price: { perCall: 0.001 } };
  return { ...base, models: [...base.models, { name: "guard-priced", deployments: [guard] }] };
}

function answerAll({ upstream }: Fixture): void {
  const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
  const text = {
    id: "x",
    object: "text_completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, text: "Hi.", finish_reason: "stop" }],
  };
  const vector = { object: "list", model: "m", data: [{ object: "embedding", index: 0, embedding: [0.1] }] };
  const ranked = { id: "x", results: [{ index: 0, relevance_score: 0.9 }], usage: { total_tokens: 5 } };
  const judged = { id: "x", model: "m", results: [{ flagged: false, categories: {}, category_scores: {} }] };
  upstream.on("/v1/chat/completions", json(completion()));
  upstream.on("/v1/completions", json({ ...text, usage }));
  upstream.on("/v1/embeddings", json({ ...vector, usage: { prompt_tokens: 5, total_tokens: 5 } }));
  upstream.on("/v1/rerank", json(ranked));
  upstream.on("/v1/moderations", json(judged));
}

describe("every route", () => {
  const gate = useGateway("server", { config, env: { CONDUIT_JOURNAL: "database" } });
  const rows = async (): Promise<{ request_id: string; cost_nano: bigint | null }[]> =>
    (await gate().sql.query("SELECT request_id, cost_nano FROM call")).rows;

  test("is known here: whoever adds one says how it is paid for", () => {
    expect(all.toSorted()).toEqual(Object.keys(known).toSorted());
  });

  test.each(Object.entries(known))("%s", async (route, about) => {
    answerAll(gate());
    const [method = "", pattern = ""] = route.split(" ");
    const before = (await rows()).length;
    const answer = await fetch(gate().gateway.url + (about.path ?? pattern), {
      method,
      headers: { authorization: `Bearer ${keys.caller}`, "content-type": "application/json" },
      ...(about.body && { body: JSON.stringify(about.body) }),
    });
    const text = await answer.text();
    const added = (await rows()).slice(before);
    if ("cannot" in about) {
      await sleep(300);
      expect((await rows()).length).toBe(before);
      return;
    }
    expect([answer.status, text]).toEqual([200, expect.anything()]);
    expect(added).toHaveLength(1);
    expect(added[0]?.request_id).toBe(answer.headers.get("x-request-id"));
    expect(added[0]?.cost_nano).toBeGreaterThan(0n);
  });
});
