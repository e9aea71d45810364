import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Client, conforms, type Subject, weatherIn } from "@/tests/compat/conformance";
import { type Model, models, useVendors } from "@/tests/compat/vendors";
import { keys } from "@/tests/support/fixture";
import { json } from "@/tests/support/upstream";

const City = z.object({ city: z.string() });
const Weather = z.object({ city: z.string(), celsius: z.number() });
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const weather = { type: "function" as const, function: { name: "weather", parameters } };
const runnable = {
  type: "function" as const,
  function: {
    ...weather.function,
    description: "The weather in a city.",
    parse: (text: string) => City.parse(JSON.parse(text)),
    function: ({ city }: z.infer<typeof City>) => weatherIn(city),
  },
};

const subject: Subject = {
  failure: (status) => ({ status, error: { message: expect.any(String), type: expect.any(String) } }),
  at: ({ url, model, apiKey }): Client => {
    const { completions } = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 }).chat;
    const asked = (content: OpenAI.ChatCompletionUserMessageParam["content"]) => ({
      model,
      messages: [{ role: "user" as const, content }],
    });
    const textOf = (answer: OpenAI.ChatCompletion) => answer.choices[0]?.message.content ?? "";
    return {
      text: async (prompt) => textOf(await completions.create(asked(prompt))),
      pieces: async (prompt) => {
        const pieces: string[] = [];
        for await (const { choices } of await completions.create({ ...asked(prompt), stream: true }))
          if (choices[0]?.delta.content) pieces.push(choices[0].delta.content);
        return pieces;
      },
      loop: async (prompt, { stream }) => {
        const body = { ...asked(prompt), tools: [runnable] };
        const runner = stream ? completions.runTools({ ...body, stream: true }) : completions.runTools(body);
        return (await runner.finalContent()) ?? "";
      },
      object: async (prompt) => {
        const format = zodResponseFormat(Weather, "weather");
        const answer = await completions.parse({ ...asked(prompt), response_format: format });
        return answer.choices[0]?.message.parsed;
      },
      picture: async (png) => {
        const url = `data:image/png;base64,${png.toString("base64")}`;
        return textOf(await completions.create(asked([{ type: "image_url", image_url: { url } }])));
      },
      leave: async (prompt) => {
        const stream = await completions.create({ ...asked(prompt), stream: true });
        for await (const { choices } of stream) if (choices[0]?.delta.content) break;
        stream.controller.abort();
      },
    };
  },
};

/** The same with the responses API. */
const responsesSubject: Subject = {
  failure: subject.failure,
  at: ({ url, model, apiKey }): Client => {
    const { responses } = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
    const tools = [{ type: "function" as const, name: "weather", parameters, strict: false }];
    const schema = z.toJSONSchema(Weather);
    return {
      text: async (input) => (await responses.create({ model, input })).output_text,
      pieces: async (input) => {
        const pieces: string[] = [];
        const stream = responses.stream({ model, input });
        stream.on("response.output_text.delta", ({ delta }) => void pieces.push(delta));
        await stream.finalResponse();
        return pieces;
      },
      loop: async (prompt, { stream }) => {
        type Turn = { input: string | OpenAI.Responses.ResponseInput; previous_response_id?: string };
        const ask = async (turn: Turn): Promise<OpenAI.Responses.Response> => {
          const body = { ...turn, model, tools };
          return stream ? responses.stream(body).finalResponse() : responses.create(body);
        };
        let answer = await ask({ input: prompt });
        for (;;) {
          const calls = answer.output.filter((item) => item.type === "function_call");
          if (calls.length === 0) return answer.output_text;
          const input = calls.map(({ call_id, arguments: text }) => ({
            type: "function_call_output" as const,
            call_id,
            output: weatherIn(City.parse(JSON.parse(text)).city),
          }));
          answer = await ask({ input, previous_response_id: answer.id });
        }
      },
      object: async (input) => {
        const format = { type: "json_schema" as const, name: "weather", schema, strict: true };
        return (await responses.parse({ model, input, text: { format } })).output_parsed;
      },
      picture: async (png) => {
        const image_url = `data:image/png;base64,${png.toString("base64")}`;
        const part = { type: "input_image" as const, image_url, detail: "auto" as const };
        return (await responses.create({ model, input: [{ role: "user", content: [part] }] })).output_text;
      },
      leave: async (input) => {
        const stream = await responses.create({ model, input, stream: true });
        for await (const event of stream) if (event.type === "response.output_text.delta") break;
        stream.controller.abort();
      },
    };
  },
};

/** What differs between the mounts is how calls come in and answers go out; one vendor passed on and one translated show it. */
describe("the official openai client on the next mount", () => {
  const [like, , claude] = models;
  conforms(useVendors("next"), subject, like && claude ? [like, claude] : []);
});

describe("the official openai client on the server mount", () => {
  const played = useVendors("server");
  const { gate, heard } = played;
  const client = (apiKey: string = keys.caller, maxRetries = 0): OpenAI =>
    new OpenAI({ baseURL: `${gate().gateway.url}/v1`, apiKey, maxRetries });
  const ask = (model: string, prompt: string, retries = 0) =>
    client(keys.caller, retries).chat.completions.create({ model, messages: [{ role: "user", content: prompt }] });

  describe("chat completions", () => conforms(played, subject));
  describe("responses", () => conforms(played, responsesSubject));

  describe.each(models)("$name", ({ model }) => {
    test("a whole answer has usage and the request's id", async () => {
      const { data, request_id } = await ask(model, "Hello").withResponse();
      expect(data).toMatchObject({
        object: "chat.completion",
        choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "You said: Hello" } }],
        usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 },
      });
      expect(request_id).toMatch(/^req_/);
    });

    test("a stream has usage at its end for those who ask", async () => {
      const messages = [{ role: "user" as const, content: "Hello" }];
      const options = { stream: true as const, stream_options: { include_usage: true } };
      const usages: unknown[] = [];
      for await (const { usage } of await client().chat.completions.create({ model, messages, ...options }))
        if (usage) usages.push(usage);
      expect(usages).toEqual([expect.objectContaining({ prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 })]);
    });

    test("the stream helper puts parallel tool calls together", async () => {
      const messages = [{ role: "user" as const, content: "The weather in Paris, Rome and Köln?" }];
      const answer = await client()
        .chat.completions.stream({ model, messages, tools: [weather] })
        .finalChatCompletion();
      expect(answer.choices[0]?.finish_reason).toBe("tool_calls");
      const called = answer.choices[0]?.message.tool_calls?.map((call) =>
        call.type === "function" ? JSON.parse(call.function.arguments) : call,
      );
      expect(called).toEqual([{ city: "Paris" }, { city: "Rome" }, { city: "Köln" }]);
    });

    test("the client's timeout stops the vendor", async () => {
      const asked = client().chat.completions.create(
        { model, messages: [{ role: "user", content: "stall" }] },
        { timeout: 200 },
      );
      await expect(asked).rejects.toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
      const { hungUp } = gate().upstream.last();
      expect(await Promise.race([hungUp.then(() => "hung up"), sleep(1_000, "still open")])).toBe("hung up");
    });

    test.each([
      { status: 400, type: OpenAI.BadRequestError, seen: 400 },
      { status: 422, type: OpenAI.UnprocessableEntityError, seen: 422 },
      { status: 429, type: OpenAI.RateLimitError, seen: 429 },
      { status: 500, type: OpenAI.InternalServerError, seen: 502 },
      { status: 401, type: OpenAI.InternalServerError, seen: 502 },
    ])("the vendor's $status is the right class of error", async ({ status, type, seen }) => {
      const error: unknown = await ask(model, `fail ${status}`).catch((one: unknown) => one);
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject({ status: seen, requestID: expect.stringMatching(/^req_/) });
    });

    test("the client does not try again when the operator's credential is bad", async () => {
      const before = gate().upstream.received.length;
      await expect(ask(model, "fail 401", 2)).rejects.toMatchObject({ status: 502 });
      expect(gate().upstream.received.length - before).toBe(1);
    });
  });

  // The client's tool runner sends back only what it knows of a call; callers who send back the message lose nothing.
  test.each([{ streamed: false }, { streamed: true }])(
    "Gemini's signature comes back with the message that held it (stream: $streamed)",
    async ({ streamed }) => {
      const { completions } = client().chat;
      const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "The weather in Rome?" }];
      const body = { model: "gemini", messages, tools: [weather] };
      const first = await (streamed ? completions.stream(body).finalChatCompletion() : completions.create(body));
      const message = first.choices[0]?.message;
      if (!message?.tool_calls?.[0]) throw new Error("No tool was called.");
      const result = { role: "tool" as const, tool_call_id: message.tool_calls[0].id, content: "sunny" };
      const second = await completions.create({ ...body, messages: [...messages, message, result] });
      expect(second.choices[0]?.message.content).toBe("Rome: sunny.");
      expect(heard().signed, gate().upstream.last().body.toString()).toBe(true);
    },
  );

  test.each([{ stream: false }, { stream: true }])(
    "a response carries Gemini's signature (stream: $stream)",
    async (how) => {
      const place = { url: gate().gateway.url, model: "gemini", apiKey: keys.caller };
      await responsesSubject.at(place).loop("What is the weather in Rome?", how);
      expect(heard().signed, gate().upstream.last().body.toString()).toBe(true);
    },
  );

  test("the client tries again after a rate limit, as long as it was told to wait", async () => {
    const limited = { error: { message: "Slow down.", type: "requests", param: null, code: "rate_limit_exceeded" } };
    let attempts = 0;
    gate().upstream.on("/v1/chat/completions", (request, response) => {
      const refusal = json(limited, { status: 429, headers: { "retry-after": "1" } });
      const said = { role: "assistant", content: "Now.", refusal: null };
      const choices = [{ index: 0, message: said, logprobs: null, finish_reason: "stop" }];
      const answer = json({ id: "c", object: "chat.completion", created: 1, model: "m", choices });
      return (++attempts === 1 ? refusal : answer)(request, response);
    });
    const begun = performance.now();
    expect((await ask("plain", "Hello", 2)).choices[0]?.message.content).toBe("Now.");
    expect(attempts).toBe(2);
    expect(performance.now() - begun).toBeGreaterThan(900);
  });

  test("a wrong key, an unknown model and a bad request are the classes that the client's users catch", async () => {
    const { completions } = client("condt_wrong").chat;
    const messages = [{ role: "user" as const, content: "Hello" }];
    await expect(completions.create({ model: "like", messages })).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(ask("nope", "Hello")).rejects.toMatchObject({
      constructor: OpenAI.NotFoundError,
      code: "model_not_found",
      param: "model",
    });
    await expect(client().chat.completions.create({ model: "like", messages: [] })).rejects.toMatchObject({
      constructor: OpenAI.BadRequestError,
      param: "messages",
    });
  });

  test("models are listed and retrieved", async () => {
    const names: string[] = [];
    for await (const one of client(keys.narrow).models.list()) names.push(one.id);
    expect(names).toEqual(["plain"]);
    expect(await client().models.retrieve("foreign")).toMatchObject({
      id: "foreign",
      object: "model",
      created: expect.any(Number),
      owned_by: expect.any(String),
    });
    await expect(client(keys.narrow).models.retrieve("foreign")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  const embedding: readonly Model[] = models.filter(({ model }) => model === "openai" || model === "gemini");
  test.each(embedding)("embeddings from $name, which the client asks for in base64", async ({ model }) => {
    const { data } = await client().embeddings.create({ model, input: ["one", "three"] });
    expect(data.map(({ index, object }) => [index, object])).toEqual([
      [0, "embedding"],
      [1, "embedding"],
    ]);
    const [one, three] = data.map(({ embedding: vector }) => vector);
    expect(one?.slice(1)).toEqual([0.5, -0.25]);
    expect((three?.[0] ?? 0) - (one?.[0] ?? 0)).toBe(2);
    const floats = await client().embeddings.create({ model, input: "one", encoding_format: "float" });
    expect(floats.data[0]?.embedding).toEqual(one);
  });

  test("moderations", async () => {
    const { results } = await client().moderations.create({ model: "openai", input: ["hello", "I kill you"] });
    expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
    expect(results[1]?.categories.violence).toBe(true);
  });

  test.each(models)("completions of $name", async ({ model }) => {
    const whole = await client().completions.create({ model, prompt: "Once" });
    expect(whole.choices[0]?.text).toBe("You said: Once");
    let text = "";
    for await (const { choices } of await client().completions.create({ model, prompt: "Once", stream: true }))
      text += choices[0]?.text ?? "";
    expect(text).toBe("You said: Once");
  });

  test.each(models)("a stored response of $name is read, continued and deleted", async ({ model }) => {
    const { responses } = client();
    const first = await responses.create({ model, input: "One" });
    expect((await responses.retrieve(first.id)).output_text).toBe("You said: One");
    const second = await responses.create({ model, input: "Two", previous_response_id: first.id });
    expect(second.previous_response_id).toBe(first.id);
    const sent = gate().upstream.last().body.toString();
    expect(sent).toMatch(model === "openai" ? first.id : "You said: One");
    await responses.delete(first.id);
    await expect(responses.retrieve(first.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});
