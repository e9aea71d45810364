import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { written } from "@/tests/dialects/responses";
import { chunks, completion, configFor, keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { validateAgainst } from "@/tests/support/openai-schema";
import { recordedBody, recordedEvents } from "@/tests/support/recordings";
import { json, namedEvents, openAiEvents, stream } from "@/tests/support/upstream";

const team = { one: "condt_team_one_0123456789abcdefghijklmnop", two: "condt_team_two_0123456789abcdefghijklmnop" };

/** Beside the fixture's models: `kept` at a vendor that keeps responses itself, `other` at another account there. */
function config(upstreamUrl: string) {
  const base = configFor(upstreamUrl);
  const account = (name: string) => ({
    name,
    type: "openai",
    baseUrl: `${upstreamUrl}/${name}`,
    allowPrivateNetwork: true,
    keys: [{ name: "main", apiKey: `sk-of-${name}` }],
  });
  const model = (name: string, provider: string) => ({ name, deployments: [{ provider, model: "gpt-test" }] });
  return {
    ...base,
    groups: [{ name: "team" }],
    providers: [...base.providers, account("keeper"), account("second")],
    models: [...base.models, model("kept", "keeper"), model("other", "second")],
    virtualKeys: [
      ...base.virtualKeys,
      { name: "team-one", key: team.one, models: ["*"], group: "team" },
      { name: "team-two", key: team.two, models: ["*"], group: "team" },
    ],
  };
}

type Item = Record<string, unknown> & { id: string; type: string };
type Response_ = { id: string; status: string; output: Item[] } & Record<string, unknown>;

const vendorResponse = (id: string) => ({
  ...JSON.parse(recordedBody("azure/azure-tool-call.1")),
  id,
  model: "gpt-test",
  output: [
    { id: `rs_${id}`, type: "reasoning", summary: [], encrypted_content: "gAAAA" },
    {
      id: `msg_${id}`,
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "Four.", annotations: [], logprobs: [] }],
    },
  ],
});

const say = (type: string, fields: object) => ({ type, ...fields });

describe.each(mounts)("%s mount: responses", (mount) => {
  const gate = useGateway(mount, { config });
  const create = (body: object, key: string = keys.caller) => gate().post("/v1/responses", body, { key });
  const made = async (body: object, key?: string): Promise<Response_> => {
    const answer = await create(body, key);
    const value = await answer.json();
    expect(answer.status, JSON.stringify(value)).toBe(200);
    return value;
  };
  const at = (method: string, path: string, key: string = keys.caller) =>
    fetch(`${gate().gateway.url}/v1/responses/${path}`, { method, headers: { authorization: `Bearer ${key}` } });
  const sent = () => JSON.parse(gate().upstream.last().body.toString());

  test("are made of an answer of chat, as OpenAI describes them, and settled", async () => {
    const answer = await create({ model: "plain", input: "Hello?", instructions: "Be kind." });
    const body = await answer.json();
    expect(answer.status).toBe(200);
    expect(validateAgainst("Response", body)).toEqual([]);
    expect(body).toMatchObject({ model: "plain", status: "completed", usage: { input_tokens: 20, output_tokens: 7 } });
    expect(body.output[0].content[0].text).toBe("Grüße, 世界 👋");
    expect(sent().messages).toEqual([
      { role: "system", content: "Be kind." },
      { role: "user", content: "Hello?" },
    ]);
    expect(await gate().ledgerRow(answer)).toMatchObject({ status: 200, dialect: "responses", input_tokens: 12n });
  });

  test("are streamed as typed events of every kind of vendor", async () => {
    gate().upstream.on("/v1/chat/completions", stream(openAiEvents(chunks()), { split: [100, 7, 300] }));
    gate().upstream.on("/v1/messages", stream(namedEvents(recordedEvents("anthropic/anthropic-tool-no-args"))));
    for (const model of ["plain", "foreign"]) {
      const answer = await create({ model, input: "Hello?", stream: true });
      expect(answer.headers.get("content-type")).toMatch("text/event-stream");
      const events = written(await answer.text());
      expect(events.flatMap((event) => validateAgainst("ResponseStreamEvent", event))).toEqual([]);
      expect(events.at(-1)?.type).toBe("response.completed");
    }
  });

  test("work with OpenAI's own client, whole and streamed, over several turns with a tool", async () => {
    const client = new OpenAI({ apiKey: keys.caller, baseURL: `${gate().gateway.url}/v1`, maxRetries: 0 });
    gate().upstream.on("/v1/messages", json(recordedBody("anthropic/anthropic-tool-no-args")));
    const first = await client.responses.create({
      model: "foreign",
      input: "Update the list.",
      tools: [{ type: "function", name: "updateIssueList", parameters: { type: "object" }, strict: false }],
    });
    const called = first.output.find((item) => item.type === "function_call");
    if (!called) throw new Error("No tool was called.");
    expect(JSON.parse(called.arguments)).toEqual({});
    gate().upstream.on("/v1/messages", json(recordedBody("anthropic/anthropic-json-output-format.1")));
    const second = await client.responses.create({
      model: "foreign",
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: called.call_id, output: "done" }],
    });
    expect(second.output_text).not.toBe("");
    const turns = sent().messages.map((message: { role: string; content: { type: string }[] }) => [
      message.role,
      message.content.at(-1)?.type,
    ]);
    expect(turns).toEqual([
      ["user", "text"],
      ["assistant", "tool_use"],
      ["user", "tool_result"],
    ]);
    expect((await client.responses.retrieve(second.id)).previous_response_id).toBe(first.id);
    gate().upstream.on("/v1/chat/completions", stream(openAiEvents(chunks(["Do", "ne."]))));
    const third = client.responses.stream({ model: "plain", previous_response_id: second.id, input: "And?" });
    const texts: string[] = [];
    third.on("response.output_text.delta", ({ delta }) => void texts.push(delta));
    expect((await third.finalResponse()).output_text).toBe("Done.");
    expect(texts).toEqual(["Do", "ne."]);
  });

  test("are continued with any model, whole or streamed", async () => {
    const first = await made({ model: "plain", input: "One?" });
    gate().upstream.on("/v1/chat/completions", stream(openAiEvents(chunks(["Two."]))));
    const streamed = await create({ model: "plain", input: "Two?", previous_response_id: first.id, stream: true });
    const second = JSON.parse(JSON.stringify(written(await streamed.text()).at(-1))).response;
    gate().upstream.on("/v1/chat/completions", json(completion()));
    const third = await made({ model: "hidden", input: "Three?", previous_response_id: second.id });
    expect(third.previous_response_id).toBe(second.id);
    expect(sent().messages).toEqual([
      { role: "user", content: "One?" },
      { role: "assistant", content: "Grüße, 世界 👋" },
      { role: "user", content: "Two?" },
      { role: "assistant", content: "Two." },
      { role: "user", content: "Three?" },
    ]);
  });

  test("may be referred to item by item", async () => {
    const first = await made({ model: "plain", input: "One?" });
    await made({
      model: "plain",
      input: [
        { type: "item_reference", id: first.output[0]?.id },
        { role: "user", content: "More." },
      ],
    });
    expect(sent().messages[0]).toEqual({ role: "assistant", content: "Grüße, 世界 👋" });
    const answer = await create({ model: "plain", input: [{ type: "item_reference", id: "msg_nobody" }] });
    expect(answer.status).toBe(404);
    expect((await answer.json()).error.param).toBe("input.0.id");
  });

  test("are read again, with their input items, page by page", async () => {
    const input = Array.from({ length: 5 }, (_none, index) => ({ role: "user", content: `${index}` }));
    const first = await made({ model: "plain", input });
    const again = await (await at("GET", first.id)).json();
    expect(again).toEqual(first);
    const page = await (await at("GET", `${first.id}/input_items?limit=2&order=asc`)).json();
    expect(validateAgainst("ResponseItemList", page)).toEqual([]);
    expect(page).toMatchObject({ has_more: true, data: [{ content: [{ text: "0" }] }, { content: [{ text: "1" }] }] });
    const rest = await (await at("GET", `${first.id}/input_items?limit=3&order=asc&after=${page.last_id}`)).json();
    expect(rest).toMatchObject({
      has_more: false,
      data: [{ content: [{ text: "2" }] }, {}, { content: [{ text: "4" }] }],
    });
    const newest = await (await at("GET", `${first.id}/input_items?limit=1`)).json();
    expect(newest.data[0].content[0].text).toBe("4");
    for (const [query, param] of [
      ["limit=0", "limit"],
      ["order=up", "order"],
      ["after=x", "after"],
    ]) {
      const answer = await at("GET", `${first.id}/input_items?${query}`);
      expect([answer.status, (await answer.json()).error.param]).toEqual([400, param]);
    }
  });

  test("are not kept when the request says so", async () => {
    const first = await made({ model: "plain", input: "One?", store: false });
    expect(first.store).toBe(false);
    expect((await at("GET", first.id)).status).toBe(404);
  });

  test("are deleted, and then nobody can continue them", async () => {
    const first = await made({ model: "plain", input: "One?" });
    const second = await made({ model: "plain", input: "Two?", previous_response_id: first.id });
    expect(await (await at("DELETE", first.id)).json()).toEqual({ id: first.id, object: "response", deleted: true });
    expect((await at("DELETE", first.id)).status).toBe(404);
    for (const id of [first.id, second.id]) {
      const answer = await create({ model: "plain", input: "More?", previous_response_id: id });
      expect(answer.status).toBe(404);
      expect((await answer.json()).error).toMatchObject({
        param: "previous_response_id",
        code: "previous_response_not_found",
      });
    }
  });

  test("are cancelled by a vendor alone", async () => {
    const first = await made({ model: "plain", input: "One?" });
    const answer = await at("POST", `${first.id}/cancel`);
    expect([answer.status, (await answer.json()).error.message]).toEqual([
      400,
      "Cannot cancel a synchronous response.",
    ]);
  });

  test("belong to their key and its group: to others they look as if they did not exist", async () => {
    const mine = await made({ model: "plain", input: "One?" });
    const ours = await made({ model: "plain", input: "One?" }, team.one);
    expect((await at("GET", ours.id, team.two)).status).toBe(200);
    await made({ model: "plain", input: "Two?", previous_response_id: ours.id }, team.two);
    const text = async (answer: Response) => [answer.status, (await answer.text()).replaceAll(/resp_\w+/g, "ID")];
    for (const [id, stranger] of [
      [mine.id, team.one],
      [ours.id, keys.caller],
      [mine.id, keys.spare],
    ] as const) {
      for (const [method, path] of [
        ["GET", ""],
        ["GET", "/input_items"],
        ["DELETE", ""],
        ["POST", "/cancel"],
      ] as const) {
        const seen = await text(await at(method, `${id}${path}`, stranger));
        expect(seen).toEqual(await text(await at(method, `resp_0000${path}`, stranger)));
        expect(seen[0]).toBe(404);
      }
      const continued = await create({ model: "plain", input: "Two?", previous_response_id: id }, stranger);
      expect(continued.status).toBe(404);
    }
    expect((await at("GET", mine.id)).status).toBe(200);
  });

  test("of a vendor that keeps them pass as they are, and only their own key continues them there", async () => {
    const id = `resp_native_${mount}`;
    const bytes = JSON.stringify(vendorResponse(id), null, 1);
    gate().upstream.on("/keeper/responses", json(bytes));
    gate().upstream.on(`/keeper/responses/${id}`, json({ id, from: "vendor" }));
    const answer = await create({ model: "kept", input: "Two and two?" });
    expect(await answer.text()).toBe(bytes);
    await made({ model: "kept", input: "Three?", previous_response_id: id });
    expect(sent()).toEqual({ model: "gpt-test", input: "Three?", previous_response_id: id });
    const before = gate().upstream.received.length;
    for (const stranger of [keys.spare, team.one]) {
      const refused = await create({ model: "kept", input: "?", previous_response_id: id }, stranger);
      expect(refused.status).toBe(404);
      expect((await at("GET", id, stranger)).status).toBe(404);
      expect((await at("DELETE", id, stranger)).status).toBe(404);
    }
    expect(gate().upstream.received.length).toBe(before);
    expect(await (await at("GET", `${id}?include=x`)).json()).toEqual({ id, from: "vendor" });
    expect(gate().upstream.last()).toMatchObject({ method: "GET", path: `/keeper/responses/${id}?include=x` });
    expect(gate().upstream.last().headers.authorization).toBe("Bearer sk-of-keeper");
    expect((await at("DELETE", id)).status).toBe(200);
    expect(gate().upstream.last()).toMatchObject({ method: "DELETE", path: `/keeper/responses/${id}` });
    expect((await at("GET", id)).status).toBe(404);
  });

  test("of a vendor that keeps them are referred to there by their own key alone", async () => {
    const id = `resp_items_${mount}`;
    gate().upstream.on("/keeper/responses", json(vendorResponse(id)));
    await made({ model: "kept", input: "Two and two?" });
    const reference = { type: "item_reference", id: `msg_${id}` };
    const reasoning = { type: "reasoning", id: `rs_${id}`, summary: [] };
    const input = [reasoning, reference, { role: "user", content: "Sure?" }];
    await made({ model: "kept", input });
    expect(sent()).toEqual({ model: "gpt-test", input });
    expect((await create({ model: "kept", input: [reference] }, keys.spare)).status).toBe(404);
    // Reasoning that would be looked up by its id does not go along; its owner alone could tell what is in it.
    await made({ model: "kept", input: [reasoning, { role: "user", content: "Sure?" }] }, keys.spare);
    expect(sent()).toEqual({ model: "gpt-test", input: [{ role: "user", content: "Sure?" }] });
  });

  test("of one vendor go on at another without what the other encrypted", async () => {
    gate().upstream.on("/v1/messages", json(recordedBody("anthropic/anthropic-clear-thinking.1")));
    const first = await made({ model: "foreign", input: "Think." });
    const carried = first.output.find(({ type }) => type === "reasoning");
    expect(String(carried?.encrypted_content)).toMatch(/^conduit:/);
    gate().upstream.on("/keeper/responses", json(vendorResponse(`resp_from_${mount}`)));
    await made({ model: "kept", input: [...first.output, { role: "user", content: "Sure?" }] });
    expect(sent().input.map((item: Item) => [item.type, item.id])).toEqual([
      ["message", undefined],
      [undefined, undefined],
    ]);
    await made({ model: "foreign", input: "Sure?", previous_response_id: first.id });
    expect(sent().messages[1].content[0]).toMatchObject({ type: "thinking", signature: expect.any(String) });
  });

  test("of a vendor that keeps them go on at others, with all that was said", async () => {
    const id = `resp_moved_${mount}`;
    gate().upstream.on("/keeper/responses", json(vendorResponse(id)));
    gate().upstream.on("/second/responses", json(vendorResponse(`${id}_2`)));
    await made({ model: "kept", input: "Two and two?" });
    await made({ model: "plain", input: "Sure?", previous_response_id: id });
    expect(sent().messages).toEqual([
      { role: "user", content: "Two and two?" },
      { role: "assistant", content: "Four." },
      { role: "user", content: "Sure?" },
    ]);
    await made({ model: "other", input: "Sure?", previous_response_id: id });
    expect(sent()).toEqual({
      model: "gpt-test",
      input: [
        { type: "message", role: "user", content: "Two and two?" },
        {
          type: "message",
          role: "assistant",
          content: [{ type: "output_text", text: "Four.", annotations: [], logprobs: [] }],
        },
        { role: "user", content: "Sure?" },
      ],
    });
  });

  test("of a vendor that keeps them are streamed as they are, and kept before their end", async () => {
    const id = `resp_streamed_${mount}`;
    const response = vendorResponse(id);
    const payloads: { type: string }[] = [
      say("response.created", { response: { ...response, status: "in_progress", output: [] } }),
      say("response.output_item.added", { output_index: 0, item: response.output[1] }),
      say("response.output_text.delta", { item_id: "msg", output_index: 0, content_index: 0, delta: "Four." }),
      say("response.completed", { response }),
    ];
    const events = namedEvents(payloads);
    gate().upstream.on("/keeper/responses", stream(events, { split: [500, 30, 200] }));
    const answer = await create({ model: "kept", input: "Two and two?", stream: true });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("response.completed")) text += (await reader?.read())?.value ?? "";
    await made({ model: "plain", input: "Sure?", previous_response_id: id });
    expect(sent().messages).toHaveLength(3);
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) text += piece.value;
    expect(text).toBe(events);
    expect(await gate().ledgerRow(answer)).toMatchObject({ status: 200, dialect: "responses", stream: true });
  });

  test("that break say so in their own events", async () => {
    gate().upstream.on("/v1/chat/completions", stream(openAiEvents(chunks()).slice(0, 700), { ending: "cut" }));
    const events = written(await (await create({ model: "plain", input: "?", stream: true })).text());
    expect(events.slice(-2).map(({ type }) => type)).toEqual(["error", "response.failed"]);
    expect(events.flatMap((event) => validateAgainst("ResponseStreamEvent", event))).toEqual([]);
    await sleep(50);
    const { response } = JSON.parse(JSON.stringify(events.at(-1)));
    expect((await at("GET", response.id)).status).toBe(404);
  });

  test.each([
    [{ background: true }, "background"],
    [{ conversation: "conv_1" }, "conversation"],
  ])("%j is refused, also where the vendor could", async (field, param) => {
    const answer = await create({ model: "kept", input: "?", ...field });
    expect([answer.status, (await answer.json()).error.param]).toEqual([400, param]);
  });
});
