import { describe, expect, test } from "vitest";
import { useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { operationsConfig } from "@/tests/support/operations";
import { recordedBody } from "@/tests/support/recordings";
import { json } from "@/tests/support/upstream";

const PATH = "/v1/rerank";
const documents = ["sunny day at the beach", { text: "rainy day in the city", id: "second" }];

describe.each(mounts)("%s mount: rerank", (mount) => {
  const gate = useGateway(mount, { config: operationsConfig });
  const rank = (body: object) => gate().post(PATH, { model: "ranker", query: "talk about rain", documents, ...body });
  const sent = () => JSON.parse(gate().upstream.last().body.toString());
  const ranking = (...results: [number, number][]) => ({
    results: results.map(([index, relevance_score]) => ({ index, relevance_score })),
  });

  test("a recorded ranking of Cohere is answered in the shape that it came in, and each search unit is billed", async () => {
    const recorded = JSON.parse(recordedBody("cohere/reranking/cohere-reranking.1"));
    recorded.meta.billed_units.search_units = 3;
    gate().upstream.on(PATH, json(recorded));
    const answer = await rank({ top_n: 2 });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      id: recorded.id,
      object: "list",
      model: "ranker",
      results: recorded.results,
      meta: { billed_units: { search_units: 3 } },
    });
    expect(sent()).toMatchObject({ model: "vendor-rerank-1", query: "talk about rain", documents, top_n: 2 });
    expect(answer.headers.get("x-conduit-cost-usd")).toBe("0.003");
    expect(await gate().ledgerRow(answer)).toMatchObject({
      operation: "rerank",
      input_tokens: 0n,
      cost_nano: 3_000_000n,
      estimated: false,
    });
  });

  test("documents come back when they are asked for, as they were given", async () => {
    gate().upstream.on(PATH, json({ ...ranking([1, 0.9], [0, 0.1]), usage: { total_tokens: 21 } }));
    const answer = await rank({ return_documents: true });
    expect(await answer.json()).toMatchObject({
      results: [
        { index: 1, relevance_score: 0.9, document: { text: "rainy day in the city", id: "second" } },
        { index: 0, relevance_score: 0.1, document: { text: "sunny day at the beach" } },
      ],
      meta: { billed_units: { input_tokens: 21 } },
      usage: { prompt_tokens: 21, total_tokens: 21 },
    });
    expect(await gate().ledgerRow(answer)).toMatchObject({ input_tokens: 21n, cost_nano: 1_021_000n });
    expect(JSON.stringify(await (await rank({})).json())).not.toContain("rainy");
  });

  test("a vendor that passes over top_n is cut to the best", async () => {
    gate().upstream.on(PATH, json(ranking([0, 0.1], [1, 0.9])));
    const answer = await rank({ top_n: 1 });
    const body = await answer.json();
    expect(body.results).toEqual([{ index: 1, relevance_score: 0.9 }]);
    expect(body).not.toHaveProperty("usage");
    expect(await gate().ledgerRow(answer)).toMatchObject({ estimated: true });
  });

  test("a ranking of a document that was not sent is no success", async () => {
    gate().upstream.on(PATH, json(ranking([2, 0.5])));
    expect((await rank({})).status).toBe(502);
  });

  test.each([
    ["no query", { query: undefined }, "query"],
    ["no documents", { documents: [] }, "documents"],
    ["a document without text", { documents: [{ title: "x" }] }, "documents.0"],
    ["top_n of nothing", { top_n: 0 }, "top_n"],
    ["a model of a vendor that ranks nothing", { model: "foreign" }, "model"],
  ])("%s is refused by name", async (_what, body, param) => {
    const answer = await rank(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { param } });
  });
});
