import { beforeAll } from "vitest";
import { chatTongue } from "@/tests/compat/vendors/chat";
import { geminiTongue } from "@/tests/compat/vendors/gemini";
import { messagesTongue } from "@/tests/compat/vendors/messages";
import type { Heard } from "@/tests/compat/vendors/model";
import { operations } from "@/tests/compat/vendors/operations";
import { keptResponse, responsesTongue } from "@/tests/compat/vendors/responses";
import { type JsonObject, vendor } from "@/tests/compat/vendors/vendor";
import { configFor, type Fixture, useGateway } from "@/tests/support/fixture";
import type { Mount } from "@/tests/support/gateway";

/** A model that callers may name, and where its vendor is. */
export type Model = { readonly name: string; readonly model: string };

/** A vendor of each family; `like` is reached by OpenAI's chat alone, `openai` by all of its paths. */
export const models: readonly Model[] = [
  { name: "a vendor that speaks OpenAI's chat", model: "like" },
  { name: "OpenAI itself", model: "openai" },
  { name: "Anthropic", model: "claude" },
  { name: "Gemini", model: "gemini" },
];

const gpt = "gpt-4.1";
const claude = "claude-sonnet-4-5";
const gemini = "gemini-3-pro-preview";

function config(upstreamUrl: string): object {
  const base = configFor(upstreamUrl);
  const provider = (name: string, type: string, path: string) => ({
    name,
    type,
    baseUrl: `${upstreamUrl}${path}`,
    allowPrivateNetwork: true,
    keys: [{ name: "main", apiKey: `key-of-${name}` }],
  });
  const model = (name: string, upstreamModel: string) => ({
    name,
    deployments: [{ provider: `${name}-vendor`, model: upstreamModel }],
  });
  return {
    ...base,
    providers: [
      ...base.providers,
      provider("like-vendor", "openai-compatible", "/like/v1"),
      provider("openai-vendor", "openai", "/openai/v1"),
      provider("claude-vendor", "anthropic", "/anthropic/v1"),
      provider("gemini-vendor", "gemini", "/gemini/v1beta"),
    ],
    models: [
      ...base.models,
      model("like", "llama-3.3-70b"),
      model("openai", gpt),
      model("claude", claude),
      model("gemini", gemini),
    ],
  };
}

/** What tests of a client need: the app, and what its vendors understood of the last request. */
export type Played = { readonly gate: () => Fixture; readonly heard: () => Heard };

/** Starts the app with a scripted vendor of each family. */
export function useVendors(mount: Mount): Played {
  const gate = useGateway(mount, { config });
  let last: Heard | undefined;
  beforeAll(() => {
    const { upstream } = gate();
    const played = (path: string, tongue: Parameters<typeof vendor>[0]) =>
      upstream.on(
        path,
        vendor(tongue, (heard) => {
          last = heard;
        }),
      );
    played("/like/v1/chat/completions", chatTongue);
    played("/openai/v1/chat/completions", chatTongue);
    const kept = (id: string, body: JsonObject) => upstream.on(`/openai/v1/responses/${id}`, keptResponse(body));
    played("/openai/v1/responses", responsesTongue(kept));
    played("/anthropic/v1/messages", messagesTongue);
    for (const method of ["generateContent", "streamGenerateContent"])
      played(`/gemini/v1beta/models/${gemini}:${method}`, geminiTongue);
    for (const [path, scenario] of Object.entries(operations)) upstream.on(path, scenario);
  });
  return {
    gate,
    heard: () => {
      if (!last) throw new Error("No vendor was asked.");
      return last;
    },
  };
}
