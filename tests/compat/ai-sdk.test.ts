import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embedMany, generateText, isStepCount, type LanguageModel, Output, streamText, tool } from "ai";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Client, conforms, type Place, type Subject, weatherIn } from "@/tests/compat/conformance";
import { models, useVendors } from "@/tests/compat/vendors";
import { keys } from "@/tests/support/fixture";

const tools = {
  weather: tool({
    description: "The weather in a city.",
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => weatherIn(city),
  }),
};

const openai = ({ url, apiKey }: Place) => createOpenAI({ baseURL: `${url}/v1`, apiKey });

/** The SDK's packages that speak one of the gateway's dialects. */
const packages: Readonly<Record<string, (place: Place) => LanguageModel>> = {
  "@ai-sdk/openai, chat": (place) => openai(place).chat(place.model),
  "@ai-sdk/openai, responses": (place) => openai(place).responses(place.model),
  "@ai-sdk/openai-compatible": ({ url, apiKey, model }) =>
    createOpenAICompatible({ name: "gateway", baseURL: `${url}/v1`, apiKey, supportsStructuredOutputs: true })(model),
  "@ai-sdk/anthropic": ({ url, apiKey, model }) => createAnthropic({ baseURL: `${url}/v1`, apiKey })(model),
};

function subjectOf(languageModel: (place: Place) => LanguageModel): Subject {
  return {
    failure: (statusCode) => ({
      name: new APICallError({ message: "", url: "", requestBodyValues: {} }).name,
      statusCode,
    }),
    at: (place): Client => {
      const base = { model: languageModel(place), maxRetries: 0 };
      const pieces = async (prompt: string): Promise<string[]> => {
        const found: string[] = [];
        for await (const part of streamText({ ...base, prompt, onError: () => undefined }).fullStream) {
          if (part.type === "text-delta") found.push(part.text);
          if (part.type === "error") throw part.error;
        }
        return found;
      };
      return {
        pieces,
        text: async (prompt) => (await generateText({ ...base, prompt })).text,
        loop: async (prompt, { stream }) => {
          const asked = { ...base, prompt, tools, stopWhen: isStepCount(5) };
          return stream ? streamText(asked).text : (await generateText(asked)).text;
        },
        object: async (prompt) => {
          const output = Output.object({ schema: z.object({ city: z.string(), celsius: z.number() }) });
          return (await generateText({ ...base, prompt, output })).output;
        },
        picture: async (png) => {
          const content = [{ type: "file" as const, data: png, mediaType: "image/png" }];
          return (await generateText({ ...base, messages: [{ role: "user", content }] })).text;
        },
        leave: async (prompt) => {
          const abort = new AbortController();
          const { textStream } = streamText({ ...base, prompt, abortSignal: abort.signal, onError: () => undefined });
          for await (const _piece of textStream) break;
          abort.abort();
        },
      };
    },
  };
}

describe("the Vercel AI SDK", () => {
  const played = useVendors("server");
  const place = (model: string): Place => ({ url: played.gate().gateway.url, model, apiKey: keys.caller });

  for (const [name, languageModel] of Object.entries(packages)) {
    describe(name, () => {
      conforms(played, subjectOf(languageModel));

      test.each(models)("usage and the reason for the end from $name", async ({ model }) => {
        const { usage, finishReason } = await generateText({ model: languageModel(place(model)), prompt: "Hello" });
        expect(finishReason).toBe("stop");
        expect(usage).toMatchObject({ inputTokens: 11, outputTokens: 5, totalTokens: 16 });
      });
    });
  }

  test.each(["@ai-sdk/openai-compatible", "@ai-sdk/openai, responses", "@ai-sdk/anthropic"])(
    "%s sends Gemini's signature back in a loop with tools",
    async (name) => {
      const languageModel = packages[name];
      if (!languageModel) throw new Error(`There is no ${name}.`);
      const asked = { prompt: "The weather in Rome?", tools, stopWhen: isStepCount(5) };
      for (const stream of [false, true]) {
        const model = languageModel(place("gemini"));
        if (stream) await streamText({ ...asked, model }).text;
        else await generateText({ ...asked, model });
        expect(played.heard().signed, played.gate().upstream.last().body.toString()).toBe(true);
      }
    },
  );

  test.each(["claude", "gemini"])("@ai-sdk/anthropic gets the thinking of %s and sends it back", async (name) => {
    const { text, steps } = await generateText({
      model: createAnthropic({ baseURL: `${place(name).url}/v1`, apiKey: keys.caller })(name),
      prompt: "The weather in Rome?",
      tools,
      stopWhen: isStepCount(5),
      providerOptions: { anthropic: { thinking: { type: "enabled", budgetTokens: 1_024 } } },
    });
    expect(steps[0]?.reasoningText).toBe("Let me see what they want.");
    expect(text).toBe("Rome: sunny in Rome.");
    expect(played.heard().signed).toBe(true);
  });

  test("embeddings", async () => {
    const model = openai(place("openai")).embedding("openai");
    const { embeddings } = await embedMany({ model, values: ["one", "three"] });
    expect(embeddings).toEqual([
      [3, 0.5, -0.25],
      [5, 0.5, -0.25],
    ]);
  });
});
