import { findProvider } from "@pydantic/genai-prices";
import { describe, expect, test } from "vitest";
import { providerType, providerTypes } from "@/server/providers/registry";

const types = [...providerTypes.values()];
const target = { baseUrl: "https://upstream.example/v1", model: "", headers: { "x-team": "a" }, options: {} };

describe("provider types", () => {
  test("are found by their id, and only by it", () => {
    expect(types.map((type) => type.id)).toEqual(["openai", "anthropic", "openai-compatible", "demo"]);
    for (const type of types) expect(providerType(type.id)).toBe(type);
    expect(providerType("OpenAI")).toBeUndefined();
    expect(providerType("constructor")).toBeUndefined();
  });

  test.each(types)("$id: an address is none, or has no slash at its end", ({ baseUrl, keyOptional }) => {
    if (baseUrl === null) expect(keyOptional).toBe(true);
    else expect(baseUrl).toMatch(/^(https|demo):\/\/.*[^/]$/);
  });

  test.each(types.filter((type) => type.listModels))("$id: lists the vendor's models", ({ listModels }) => {
    const request = listModels?.encode(target);
    expect(request).toMatchObject({ method: "GET", headers: { "x-team": "a" } });
    expect(request?.url).toMatch(/^https:\/\/upstream\.example\/v1\/models/);
    expect(listModels?.decode({ data: [{ id: "b", owned_by: "x" }, { id: "a" }, { name: "" }, null] })).toMatchObject([
      { id: "b" },
      { id: "a" },
    ]);
    expect(() => listModels?.decode({ error: "no" })).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });

  test("models may be listed by name, and without a wrapper", () => {
    const decode = providerType("openai-compatible")?.listModels?.decode;
    expect(decode?.({ models: [{ name: "llama3" }, "phi"] })).toEqual([
      { id: "llama3", ownedBy: undefined },
      { id: "phi" },
    ]);
    expect(decode?.([{ id: "a", owned_by: "me" }])).toEqual([{ id: "a", ownedBy: "me" }]);
  });

  test.each(types.filter((type) => type.priceLibraryId))("$id is known to the price library", ({ priceLibraryId }) => {
    expect(findProvider({ providerId: priceLibraryId ?? "" })?.id).toBe(priceLibraryId);
  });
});
