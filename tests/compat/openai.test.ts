import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { vendors } from "@/tests/compat/vendors";
import { keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { namedEvents, silence, stream } from "@/tests/support/upstream";

const messages = [{ role: "user" as const, content: "What is the weather in Paris and Rome?" }];

describe.each(mounts)("the official openai client on the %s mount", (mount) => {
  const gate = useGateway(mount);
  const client = (apiKey: string = keys.caller, maxRetries = 0): OpenAI =>
    new OpenAI({ baseURL: `${gate().gateway.url}/v1`, apiKey, maxRetries });
  const calls = [
    { id: "call_1", name: "weather", args: { city: "Paris" } },
    { id: "call_2", name: "weather", args: { city: "Rome", unit: "°C" } },
  ];

  describe.each(vendors)("$name", ({ model, path, says, fails, hasToolResult }) => {
    test("a whole answer", async () => {
      gate().upstream.on(path, says({ text: "Sunny, 20 °C." }));
      const { data, request_id } = await client().chat.completions.create({ model, messages }).withResponse();
      expect(data.choices[0]).toMatchObject({
        index: 0,
        finish_reason: "stop",
        message: { role: "assistant", content: "Sunny, 20 °C." },
      });
      expect(data).toMatchObject({
        object: "chat.completion",
        usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 },
      });
      expect(request_id).toMatch(/^req_/);
    });

    test("a streamed answer, with usage at its end", async () => {
      gate().upstream.on(path, says({ text: "Sunny, 20 °C." }));
      const pieces = await client().chat.completions.create({
        model,
        messages,
        stream: true,
        stream_options: { include_usage: true },
      });
      let text = "";
      let usage: OpenAI.CompletionUsage | null | undefined;
      for await (const piece of pieces) {
        text += piece.choices[0]?.delta.content ?? "";
        usage = piece.usage ?? usage;
      }
      expect(text).toBe("Sunny, 20 °C.");
      expect(usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 });
    });

    test("the client's stream helper puts parallel tool calls together", async () => {
      gate().upstream.on(path, says({ calls }));
      const answer = await client()
        .chat.completions.stream({ model, messages, tools: [weatherTool] })
        .finalChatCompletion();
      expect(answer.choices[0]?.finish_reason).toBe("tool_calls");
      const made = answer.choices[0]?.message.tool_calls?.map((call) =>
        call.type === "function"
          ? { id: call.id, name: call.function.name, args: JSON.parse(call.function.arguments) }
          : call,
      );
      expect(made).toEqual(calls);
    });

    test.each([false, true])(
      "the client's tool runner goes round to the final answer (stream: %s)",
      async (streamed) => {
        let round = 0;
        gate().upstream.on(path, (request, response) =>
          says(round++ === 0 ? { calls } : { text: "Both sunny." })(request, response),
        );
        const tools = [
          {
            type: "function" as const,
            function: {
              name: "weather",
              description: "Weather of a city.",
              parse: JSON.parse,
              parameters: weatherTool.function.parameters,
              function: ({ city }: { city: string }) => `sunny in ${city}`,
            },
          },
        ];
        const runner = streamed
          ? client().chat.completions.runTools({ model, messages, tools, stream: true })
          : client().chat.completions.runTools({ model, messages, tools });
        expect(await runner.finalContent()).toBe("Both sunny.");
        const body: unknown = JSON.parse(gate().upstream.last().body.toString());
        expect(hasToolResult(body, "call_1", "sunny in Paris"), JSON.stringify(body)).toBe(true);
        expect(hasToolResult(body, "call_2", "sunny in Rome")).toBe(true);
      },
    );

    test("structured output is parsed", async () => {
      gate().upstream.on(path, says({ text: '{"city":"Paris","celsius":20}' }));
      const Weather = z.object({ city: z.string(), celsius: z.number() });
      const answer = await client().chat.completions.parse({
        model,
        messages,
        response_format: zodResponseFormat(Weather, "weather"),
      });
      expect(answer.choices[0]?.message.parsed).toEqual({ city: "Paris", celsius: 20 });
      expect(gate().upstream.last().body.toString()).toContain("celsius");
    });

    test("aborting a stream stops the vendor", async () => {
      gate().upstream.on(path, stream(firstEvents(model), { ending: "stall" }));
      const pieces = await client().chat.completions.create({ model, messages, stream: true });
      for await (const _piece of pieces) {
        pieces.controller.abort();
        break;
      }
      const hungUp = await Promise.race([
        gate()
          .upstream.last()
          .hungUp.then(() => "hung up"),
        sleep(1_000, "still open"),
      ]);
      expect(hungUp).toBe("hung up");
    });

    test("the client's timeout stops the vendor", async () => {
      gate().upstream.on(path, silence);
      await expect(client().chat.completions.create({ model, messages }, { timeout: 200 })).rejects.toBeInstanceOf(
        OpenAI.APIConnectionTimeoutError,
      );
      expect(
        await Promise.race([
          gate()
            .upstream.last()
            .hungUp.then(() => "hung up"),
          sleep(1_000, "still open"),
        ]),
      ).toBe("hung up");
    });

    test.each([
      { status: 400, type: OpenAI.BadRequestError, seen: 400 },
      { status: 422, type: OpenAI.UnprocessableEntityError, seen: 422 },
      { status: 429, type: OpenAI.RateLimitError, seen: 429 },
      { status: 500, type: OpenAI.InternalServerError, seen: 502 },
      { status: 401, type: OpenAI.InternalServerError, seen: 502 },
    ])("the vendor's $status is the right class of error", async ({ status, type, seen }) => {
      gate().upstream.on(path, fails(status, "The vendor says no."));
      const error: unknown = await client()
        .chat.completions.create({ model, messages })
        .catch((one: unknown) => one);
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject({
        status: seen,
        requestID: expect.stringMatching(/^req_/),
        error: { message: expect.any(String), type: expect.any(String) },
      });
    });

    test("a stream that breaks throws, and does not end as if it were complete", async () => {
      gate().upstream.on(path, stream(firstEvents(model), { ending: "cut" }));
      const pieces = await client().chat.completions.create({ model, messages, stream: true });
      const read = async (): Promise<void> => {
        for await (const _piece of pieces);
      };
      await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
    });

    test("the client tries again after a rate limit, as long as it was told to wait", async () => {
      let attempts = 0;
      gate().upstream.on(path, (request, response) =>
        (++attempts === 1 ? fails(429, "Slow down.", { "retry-after": "1" }) : says({ text: "Now." }))(
          request,
          response,
        ),
      );
      const begun = performance.now();
      const answer = await client(keys.caller, 2).chat.completions.create({ model, messages });
      expect(answer.choices[0]?.message.content).toBe("Now.");
      expect(attempts).toBe(2);
      expect(performance.now() - begun).toBeGreaterThan(900);
    });

    test("the client does not try again when the operator's credential is bad", async () => {
      let attempts = 0;
      gate().upstream.on(path, (request, response) => {
        attempts++;
        return fails(401, "Bad key.")(request, response);
      });
      await expect(client(keys.caller, 2).chat.completions.create({ model, messages })).rejects.toMatchObject({
        status: 502,
      });
      expect(attempts).toBe(1);
    });
  });

  test("a wrong key, an unknown model and a bad request are the classes that the client's users catch", async () => {
    await expect(client("condt_wrong").chat.completions.create({ model: "plain", messages })).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
    await expect(client().chat.completions.create({ model: "nope", messages })).rejects.toMatchObject({
      constructor: OpenAI.NotFoundError,
      code: "model_not_found",
      param: "model",
    });
    await expect(client().chat.completions.create({ model: "plain", messages: [] })).rejects.toMatchObject({
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
});

const weatherTool = {
  type: "function" as const,
  function: {
    name: "weather",
    parameters: {
      type: "object",
      properties: { city: { type: "string" }, unit: { type: "string" } },
      required: ["city"],
    },
  },
};

/** The beginning of a streamed answer in the dialect of a model's vendor. */
function firstEvents(model: string): string {
  if (model === "plain")
    return `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model, choices: [{ index: 0, delta: { role: "assistant", content: "Sun" }, finish_reason: null }] })}\n\n`;
  const events = [
    {
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 3, output_tokens: 1 },
      },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Sun" } },
  ];
  return namedEvents(events);
}
