import { describe, expect, test } from "vitest";
import { credentials, keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { validateAgainst } from "@/tests/support/openai-schema";
import { operationsConfig } from "@/tests/support/operations";
import { recordedBody } from "@/tests/support/recordings";
import { json } from "@/tests/support/upstream";

const PATH = "/v1/embeddings";

/** A vector that 32-bit floats hold exactly, and the base64 of those as little-endian bytes. */
const exact = [0.5, -1.25, 3];
const exactBase64 = "AAAAPwAAoL8AAEBA";

function vendorAnswer(embeddings: readonly (readonly number[] | string)[], more: object = {}) {
  return {
    object: "list",
    data: embeddings.map((embedding, index) => ({ object: "embedding", index, embedding })),
    model: "vendor-embed-1-2026",
    usage: { prompt_tokens: 12, total_tokens: 12 },
    ...more,
  };
}

describe.each(mounts)("%s mount: embeddings", (mount) => {
  const gate = useGateway(mount, { config: operationsConfig });
  const embed = (body: object, key?: string) =>
    gate().post(PATH, { model: "vectors", ...body }, key === undefined ? {} : { key });
  const sent = () => JSON.parse(gate().upstream.last().body.toString());

  test("a recorded answer of OpenAI comes to the caller with every number as it was", async () => {
    const recorded = JSON.parse(recordedBody("openai/embedding/openai-embedding"));
    gate().upstream.on(PATH, json(recorded));
    const answer = await embed({
      input: ["sunny day at the beach", "rainy day in the city"],
      dimensions: 5,
      user: "u",
    });
    expect(answer.status).toBe(200);
    const body = await answer.json();
    expect(body).toEqual(recorded);
    expect(validateAgainst("CreateEmbeddingResponse", body)).toEqual([]);
    expect(sent()).toEqual({
      model: "vendor-embed-1",
      input: ["sunny day at the beach", "rainy day in the city"],
      dimensions: 5,
      user: "u",
    });
    expect(gate().upstream.last().headers.authorization).toBe(`Bearer ${credentials.plain}`);
    expect(answer.headers.get("x-conduit-provider")).toBe("vendor");
    // 12 tokens at a dollar a million, and a tenth of a cent for the call.
    expect(answer.headers.get("x-conduit-cost-usd")).toBe("0.001012");
    expect(await gate().ledgerRow(answer)).toMatchObject({
      operation: "embeddings",
      dialect: "openai",
      model: "vectors",
      upstream_model: "vendor-embed-1",
      status: 200,
      input_tokens: 12n,
      output_tokens: 0n,
      cost_nano: 1_012_000n,
      estimated: false,
      stream: false,
    });
  });

  test("an answer in the caller's own form passes byte for byte", async () => {
    const vector = "[ 1.0,-0.0,  1e-3, 0.1234567890123456789 ]";
    const body = `{"object":"list","usage":{"prompt_tokens":3,"total_tokens":3, "x":1},"data":[{"index":0,"embedding":${vector},\n"object":"embedding"}],"model":"m","more":12345678901234567890}`;
    gate().upstream.on(PATH, json(body));
    const answer = await embed({ input: "x" });
    expect(await answer.text()).toBe(body);
    expect(await gate().ledgerRow(answer)).toMatchObject({ input_tokens: 3n, estimated: false });
    const other = await embed({ input: "x", encoding_format: "base64" });
    expect((await other.json()).data[0].embedding).toBe(
      Buffer.from(new Float32Array([1, -0, 0.001, 0.12345678901234568]).buffer).toString("base64"),
    );
  });

  test("vectors out of order are put in order, and a body that lacks what OpenAI's has gets it", async () => {
    const data = [
      { index: 1, embedding: [2] },
      { index: 0, embedding: [1] },
    ];
    gate().upstream.on(PATH, json({ data, usage: { total_tokens: 5 } }));
    const body = await (await embed({ input: ["a", "b"] })).json();
    expect(body).toEqual({
      object: "list",
      data: [
        { object: "embedding", index: 0, embedding: [1] },
        { object: "embedding", index: 1, embedding: [2] },
      ],
      model: "vectors",
      usage: { prompt_tokens: 5, total_tokens: 5 },
    });
  });

  test.each([
    ["float", exact, exact],
    ["float", exactBase64, exact],
    ["base64", exact, exactBase64],
    ["base64", exactBase64, exactBase64],
    [undefined, exactBase64, exact],
    [null, exact, exact],
  ])("asked for %s, a vendor that gives %j is turned into %j", async (encoding_format, given, expected) => {
    gate().upstream.on(PATH, json(vendorAnswer([given])));
    const answer = await embed({ input: "x", encoding_format });
    expect((await answer.json()).data).toEqual([{ object: "embedding", index: 0, embedding: expected }]);
  });

  test.each([
    ["a text", "Hello", 1],
    ["texts", ["Hello", "world"], 2],
    ["token ids", [1, 2, 3], 1],
    ["lists of token ids", [[1, 2], [3], [4]], 3],
  ])("%s go out as they came, and have a vector each", async (_what, input, count) => {
    gate().upstream.on(PATH, json(vendorAnswer(Array.from({ length: count }, () => exact))));
    const answer = await embed({ input });
    expect(answer.status).toBe(200);
    expect(sent().input).toEqual(input);
    expect((await answer.json()).data).toHaveLength(count);
    const short = vendorAnswer(Array.from({ length: count + 1 }, () => exact));
    gate().upstream.on(PATH, json(short));
    const wrong = await embed({ input });
    expect(wrong.status).toBe(502);
    expect(await wrong.json()).toMatchObject({ error: { code: "upstream_garbled" } });
  });

  test("a vendor that counts no tokens is judged by the input, and marked so", async () => {
    gate().upstream.on(PATH, json(vendorAnswer([exact, exact], { usage: undefined })));
    const answer = await embed({ input: [[1, 2, 3], [4]] });
    expect((await answer.json()).usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
    expect(await gate().ledgerRow(answer)).toMatchObject({ input_tokens: 4n, estimated: true });
  });

  test.each([
    ["no input", {}, "input"],
    ["an empty list", { input: [] }, "input"],
    ["a number for a text", { input: 3 }, "input"],
    ["a format that is none", { input: "x", encoding_format: "hex" }, "encoding_format"],
    ["no dimension", { input: "x", dimensions: 0 }, "dimensions"],
  ])("%s is refused by name, and no vendor is asked", async (_what, body, param) => {
    const before = gate().upstream.received.length;
    const answer = await embed(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error", param } });
    expect(gate().upstream.received).toHaveLength(before);
  });

  test("a model of a vendor without embeddings is refused, and one that another deployment serves is not", async () => {
    const refused = await embed({ model: "foreign", input: "x" });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: { message: "The model 'foreign' does not do embeddings.", param: "model", type: "invalid_request_error" },
    });
    expect(await gate().ledgerRow(refused)).toMatchObject({ operation: "embeddings", error_kind: "invalid_request" });
    gate().upstream.on(PATH, json(vendorAnswer([exact])));
    const answer = await embed({ model: "either", input: "x" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-conduit-model")).toBe("vendor-embed-2");
  });

  test("a key sees only its models here too", async () => {
    const answer = await embed({ input: "x" }, keys.narrow);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: "model_not_found" } });
  });

  test.each([
    ["an error", json({ error: { message: "Too long." } }, { status: 400 }), 400, "upstream_rejected"],
    ["an error with status 200", json({ error: { message: "Busy.", code: 429 } }), 429, "upstream_rate_limited"],
    ["a page", json("<html>", { headers: { "content-type": "text/html" } }), 502, "upstream_garbled"],
    ["half a float", json(vendorAnswer(["AAAAPwAA"])), 502, "upstream_garbled"],
  ])("%s of the vendor is no success", async (_what, scenario, status, kind) => {
    gate().upstream.on(PATH, scenario);
    const answer = await embed({ input: "x" });
    expect(answer.status).toBe(status);
    expect(await gate().ledgerRow(answer)).toMatchObject({ status, error_kind: kind, cost_nano: 0n });
  });

  test("a large answer comes whole", async () => {
    const vector = Array.from({ length: 3_072 }, (_, at) => Math.sin(at));
    const given = Array.from({ length: 256 }, () => vector);
    gate().upstream.on(PATH, json(vendorAnswer(given)));
    const answer = await embed({ input: given.map((_, at) => `text ${at}`), encoding_format: "base64" });
    const { data } = await answer.json();
    expect(data).toHaveLength(256);
    const bytes = Buffer.from(data[255].embedding, "base64");
    expect(bytes.length).toBe(3_072 * 4);
    expect(bytes.readFloatLE(4 * 1_000)).toBe(Math.fround(Math.sin(1_000)));
  });
});
