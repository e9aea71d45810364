import {
  type Content,
  type GenerateContentConfig,
  type GenerateContentResponse,
  GoogleGenAI,
  Type,
} from "@google/genai";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Client, conforms, type Subject, weatherIn } from "@/tests/compat/conformance";
import { models, useVendors } from "@/tests/compat/vendors";
import { keys } from "@/tests/support/fixture";

const weather = {
  name: "weather",
  description: "The weather in a city.",
  parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ["city"] },
};
const withTools: GenerateContentConfig = { tools: [{ functionDeclarations: [weather] }] };

const subject: Subject = {
  failure: (status) => ({ name: "ApiError", status }),
  at: ({ url, model, apiKey }): Client => {
    const ai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } });
    const ask = (contents: Content[] | string, config: GenerateContentConfig = {}) =>
      ai.models.generateContent({ model, contents, config });
    const streamed = (contents: Content[] | string, config: GenerateContentConfig = {}) =>
      ai.models.generateContentStream({ model, contents, config });
    /** One turn of the model's, with all of its parts. */
    const turn = async (contents: Content[], stream: boolean): Promise<Content> => {
      const events: GenerateContentResponse[] = [];
      if (stream) for await (const event of await streamed(contents, withTools)) events.push(event);
      else events.push(await ask(contents, withTools));
      return { role: "model", parts: events.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []) };
    };
    return {
      text: async (prompt) => (await ask(prompt)).text ?? "",
      pieces: async (prompt) => {
        const pieces: string[] = [];
        for await (const { text } of await streamed(prompt)) if (text) pieces.push(text);
        return pieces;
      },
      loop: async (prompt, { stream }) => {
        const contents: Content[] = [{ role: "user", parts: [{ text: prompt }] }];
        for (;;) {
          const said = await turn(contents, stream);
          const calls = (said.parts ?? []).flatMap(({ functionCall }) => functionCall ?? []);
          if (calls.length === 0) return (said.parts ?? []).map(({ text }) => text ?? "").join("");
          const parts = calls.map(({ id, name, args }) => ({
            functionResponse: {
              ...(id !== undefined && { id }),
              ...(name !== undefined && { name }),
              response: { output: weatherIn(z.object({ city: z.string() }).parse(args).city) },
            },
          }));
          contents.push(said, { role: "user", parts });
        }
      },
      object: async (prompt) => {
        const responseJsonSchema = z.toJSONSchema(z.object({ city: z.string(), celsius: z.number() }));
        const answer = await ask(prompt, { responseMimeType: "application/json", responseJsonSchema });
        return JSON.parse(answer.text ?? "");
      },
      picture: async (png) => {
        const inlineData = { mimeType: "image/png", data: png.toString("base64") };
        return (await ask([{ role: "user", parts: [{ inlineData }] }])).text ?? "";
      },
      leave: async (prompt) => {
        const abort = new AbortController();
        for await (const { text } of await streamed(prompt, { abortSignal: abort.signal })) if (text) break;
        abort.abort();
      },
    };
  },
};

describe("Google's client", () => {
  const played = useVendors("server");
  conforms(played, subject);
  const client = () => new GoogleGenAI({ apiKey: keys.caller, httpOptions: { baseUrl: played.gate().gateway.url } });

  test("Gemini gets its own signature back", async () => {
    const place = { url: played.gate().gateway.url, model: "gemini", apiKey: keys.caller };
    for (const stream of [false, true]) {
      await subject.at(place).loop("The weather in Rome?", { stream });
      expect(played.heard().signed).toBe(true);
    }
  });

  test.each(models)("a chat with instructions remembers, and counts its tokens: $name", async ({ model }) => {
    const chat = client().chats.create({ model, config: { systemInstruction: "Be brief." } });
    await chat.sendMessage({ message: "One" });
    const answer = await chat.sendMessage({ message: "Two" });
    expect(answer.text).toBe("[Be brief.] You said: Two");
    expect(played.gate().upstream.last().body.toString()).toContain("You said: One");
    expect(answer.usageMetadata).toMatchObject({ promptTokenCount: 11, candidatesTokenCount: 5, totalTokenCount: 16 });
    expect(answer.candidates?.[0]?.finishReason).toBe("STOP");
  });

  test.each(models)("structured output in Google's own schema: $name", async ({ model }) => {
    const answer = await client().models.generateContent({
      model,
      contents: "Tell me of a city.",
      config: {
        responseMimeType: "application/json",
        responseSchema: {
          type: Type.OBJECT,
          properties: { city: { type: Type.STRING }, celsius: { type: Type.NUMBER } },
          required: ["city", "celsius"],
        },
      },
    });
    expect(JSON.parse(answer.text ?? "")).toEqual({ city: "Paris", celsius: 20 });
  });

  test.each(models)("tokens are counted: $name", async ({ model }) => {
    const { totalTokens } = await client().models.countTokens({ model, contents: "Hello" });
    expect(totalTokens).toBeGreaterThan(0);
  });

  test("models are listed", async () => {
    const names: (string | undefined)[] = [];
    for await (const { name } of await client().models.list()) names.push(name);
    expect(names).toContain("models/gemini");
  });
});
