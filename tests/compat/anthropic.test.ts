import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Client, conforms, type Subject, weatherIn } from "@/tests/compat/conformance";
import { models, useVendors } from "@/tests/compat/vendors";
import { keys } from "@/tests/support/fixture";

type Turn = Anthropic.MessageParam;

const max_tokens = 2_000;
const weather: Anthropic.Tool = {
  name: "weather",
  description: "The weather in a city.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const City = z.object({ city: z.string(), celsius: z.number() });

function textOf(message: Anthropic.Message): string {
  return message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
}

/** Goes on until the model has no more calls; `ask` answers a whole conversation. */
async function loop(prompt: string, ask: (messages: Turn[]) => Promise<Anthropic.Message>): Promise<Anthropic.Message> {
  const messages: Turn[] = [{ role: "user", content: prompt }];
  for (;;) {
    const answer = await ask(messages);
    const calls = answer.content.filter((block) => block.type === "tool_use");
    if (calls.length === 0) return answer;
    expect(answer.stop_reason).toBe("tool_use");
    const content = calls.map(({ id, input }) => ({
      type: "tool_result" as const,
      tool_use_id: id,
      content: weatherIn(z.object({ city: z.string() }).parse(input).city),
    }));
    messages.push({ role: "assistant", content: answer.content }, { role: "user", content });
  }
}

const subject: Subject = {
  failure: (status) => ({ status, error: { type: "error", error: { type: expect.any(String) } } }),
  at: ({ url, model, apiKey }): Client => {
    const { messages } = new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
    const asked = (content: Turn["content"]) => ({ model, max_tokens, messages: [{ role: "user" as const, content }] });
    return {
      text: async (prompt) => textOf(await messages.create(asked(prompt))),
      pieces: async (prompt) => {
        const pieces: string[] = [];
        const stream = messages.stream(asked(prompt)).on("text", (text) => void pieces.push(text));
        await stream.finalMessage();
        return pieces;
      },
      loop: async (prompt, { stream }) => {
        const body = { model, max_tokens, tools: [weather] };
        return textOf(
          await loop(prompt, (turns) =>
            stream
              ? messages.stream({ ...body, messages: turns }).finalMessage()
              : messages.create({ ...body, messages: turns }),
          ),
        );
      },
      object: async (prompt) =>
        (await messages.parse({ ...asked(prompt), output_config: { format: zodOutputFormat(City) } })).parsed_output,
      picture: async (png) => {
        const source = { type: "base64" as const, media_type: "image/png" as const, data: png.toString("base64") };
        return textOf(await messages.create(asked([{ type: "image", source }])));
      },
      leave: async (prompt) => {
        const stream = await messages.create({ ...asked(prompt), stream: true });
        for await (const event of stream) if (event.type === "content_block_delta") break;
        stream.controller.abort();
      },
    };
  },
};

describe("the official Anthropic client", () => {
  const played = useVendors("server");
  conforms(played, subject);
  const client = () => new Anthropic({ baseURL: played.gate().gateway.url, apiKey: keys.caller, maxRetries: 0 });

  test.each([{ model: "claude" }, { model: "gemini" }])(
    "$model's thinking comes back signed in a loop with tools",
    async ({ model }) => {
      const thinking = { type: "enabled" as const, budget_tokens: 1_024 };
      const body = { model, max_tokens, thinking, tools: [weather] };
      for (const stream of [false, true]) {
        const first: Anthropic.Message[] = [];
        const answer = await loop("What is the weather in Rome?", async (messages) => {
          const message = await (stream
            ? client()
                .messages.stream({ ...body, messages })
                .finalMessage()
            : client().messages.create({ ...body, messages }));
          first.push(message);
          return message;
        });
        expect(textOf(answer)).toBe("Rome: sunny in Rome.");
        const thought = first[0]?.content.flatMap((block) => (block.type === "thinking" ? [block.thinking] : []));
        expect(thought?.join("")).toBe("Let me see what they want.");
        expect(played.heard().signed).toBe(true);
      }
    },
  );

  test.each(models)("usage, instructions and the model's name from $name", async ({ model }) => {
    const answer = await client().messages.create({
      model,
      max_tokens,
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      messages: [
        { role: "user", content: "One" },
        { role: "assistant", content: "Two" },
        { role: "user", content: [{ type: "text", text: "Three" }] },
      ],
    });
    expect(answer).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn", stop_sequence: null });
    expect(textOf(answer)).toBe("[Be brief.] You said: Three");
    expect(answer.usage).toMatchObject({ input_tokens: 11, output_tokens: 5 });
  });

  test.each(models)("the tool runner goes round with $name", async ({ model }) => {
    const runner = client().beta.messages.toolRunner({
      model,
      max_tokens,
      messages: [{ role: "user", content: "What is the weather in Köln?" }],
      tools: [
        {
          ...weather,
          type: "custom",
          run: (input: unknown) => weatherIn(z.object({ city: z.string() }).parse(input).city),
          parse: (input: unknown) => input,
        },
      ],
    });
    const { content } = await runner.runUntilDone();
    expect(content).toMatchObject([{ type: "text", text: "Köln: sunny in Köln." }]);
  });

  test.each(models)("tokens are counted for $name", async ({ model }) => {
    const counted = await client().messages.countTokens({ model, messages: [{ role: "user", content: "Hello" }] });
    expect(counted.input_tokens).toBeGreaterThan(0);
  });
});
