import type { ProviderType, Target } from "@/server/providers/provider";
import { providerType } from "@/server/providers/registry";

/** A registered provider type. */
export function typeOf(id: string): ProviderType {
  const type = providerType(id);
  if (!type) throw new Error(`No provider type ${id}.`);
  return type;
}

export function targetOf(id: string, overrides: Partial<Target> = {}): Target {
  return {
    baseUrl: typeOf(id).baseUrl ?? "https://upstream.example/v1",
    model: "m",
    headers: {},
    options: {},
    ...overrides,
  };
}

/** What of a chat request differs on its way to a vendor: the fields that are set, those left out, and those that are lost. */
export function changed(id: string, body: Record<string, unknown>, model = "m") {
  const { chat } = typeOf(id);
  if (chat?.kind !== "native") throw new Error(`${id} does not take chat as it is.`);
  const { fields, dropped = [] } = chat.change?.(body, targetOf(id, { model }), {}) ?? { fields: {} };
  const set: Record<string, unknown> = {};
  const out: string[] = [];
  for (const [name, text] of Object.entries(fields)) {
    if (text === null) out.push(name);
    else set[name] = JSON.parse(text);
  }
  return { set, out: out.sort(), dropped: [...dropped].sort() };
}
