import { AIMessageChunk, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Client, conforms, type Place, type Subject, weatherIn } from "@/tests/compat/conformance";
import { models, useVendors } from "@/tests/compat/vendors";
import { keys } from "@/tests/support/fixture";

const weather = tool(({ city }: { city: string }) => weatherIn(city), {
  name: "weather",
  description: "The weather in a city.",
  schema: z.object({ city: z.string() }),
});
const Weather = z.object({ city: z.string(), celsius: z.number() });

function modelAt({ url, apiKey, model }: Place, useResponsesApi: boolean): ChatOpenAI {
  return new ChatOpenAI({ model, apiKey, maxRetries: 0, useResponsesApi, configuration: { baseURL: `${url}/v1` } });
}

function subjectOf(useResponsesApi: boolean): Subject {
  return {
    failure: (status) => ({ status }),
    at: (place): Client => {
      const chat = modelAt(place, useResponsesApi);
      return {
        text: async (prompt) => (await chat.invoke(prompt)).text,
        pieces: async (prompt) => {
          const pieces: string[] = [];
          for await (const chunk of await chat.stream(prompt)) if (chunk.text) pieces.push(chunk.text);
          return pieces;
        },
        loop: async (prompt, { stream }) => {
          const bound = chat.bindTools([weather]);
          const messages: BaseMessage[] = [new HumanMessage(prompt)];
          for (;;) {
            let answer = stream ? new AIMessageChunk("") : await bound.invoke(messages);
            if (stream) for await (const chunk of await bound.stream(messages)) answer = answer.concat(chunk);
            messages.push(answer);
            if (!answer.tool_calls?.length) return answer.text;
            for (const call of answer.tool_calls) {
              const { city } = z.object({ city: z.string() }).parse(call.args);
              messages.push(new ToolMessage({ tool_call_id: call.id ?? "", content: await weather.invoke({ city }) }));
            }
          }
        },
        object: (prompt) => chat.withStructuredOutput(Weather, { name: "weather_in" }).invoke(prompt),
        picture: async (png) => {
          const image_url = { url: `data:image/png;base64,${png.toString("base64")}` };
          return (await chat.invoke([new HumanMessage({ content: [{ type: "image_url", image_url }] })])).text;
        },
        leave: async (prompt) => {
          const abort = new AbortController();
          const read = async (): Promise<void> => {
            for await (const chunk of await chat.stream(prompt, { signal: abort.signal }))
              if (chunk.text) abort.abort();
          };
          await expect(read()).rejects.toThrow();
          expect(abort.signal.aborted).toBe(true);
        },
      };
    },
  };
}

describe("LangChain's OpenAI client", () => {
  const played = useVendors("server");
  const place = (model: string): Place => ({ url: played.gate().gateway.url, model, apiKey: keys.caller });

  describe("chat completions", () => conforms(played, subjectOf(false)));
  describe("responses", () => conforms(played, subjectOf(true)));

  test.each(models)("structured output by a function from $name", async ({ model }) => {
    const chat = modelAt(place(model), false).withStructuredOutput(Weather, {
      name: "report",
      method: "functionCalling",
    });
    expect(await chat.invoke("Tell me of a city.")).toEqual({ city: "Paris", celsius: 20 });
  });

  test.each(models)("usage from $name, whole and streamed", async ({ model }) => {
    const counts = { input_tokens: 11, output_tokens: 5, total_tokens: 16 };
    const chat = modelAt(place(model), false);
    expect((await chat.invoke("Hello")).usage_metadata).toMatchObject(counts);
    let whole = new AIMessageChunk("");
    for await (const chunk of await chat.stream("Hello")) whole = whole.concat(chunk);
    expect(whole.usage_metadata).toMatchObject(counts);
  });

  test("embeddings", async () => {
    const { url, apiKey, model } = place("openai");
    const embeddings = new OpenAIEmbeddings({ model, apiKey, maxRetries: 0, configuration: { baseURL: `${url}/v1` } });
    expect(await embeddings.embedDocuments(["one", "three"])).toEqual([
      [3, 0.5, -0.25],
      [5, 0.5, -0.25],
    ]);
  });
});
