import { type ModelFacts, modelFacts } from "@/server/providers/model-facts";
import type { ProviderType } from "@/server/providers/provider";
import { providerType } from "@/server/providers/registry";
import { singleton } from "@/server/singleton";
import { type Capability, capabilityNames, isFeature } from "@/server/wire/capabilities";

/** A model as an upstream serves it: the provider type's id, and the name there. */
type Served = { readonly type: string; readonly upstreamModel: string };

/** What is known of a model; null is not known, and nothing is true unless it is known to be. */
type Abilities = {
  readonly capabilities: ReadonlyMap<Capability, boolean | null>;
  /** In tokens. */
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
};

/** Facts come from the code and the price library, so they hold as long as the process; callers can make names up. */
const MAX_HELD = 10_000;
const held = singleton("abilities", () => new Map<string, Abilities>());

const operations = ["chat", "embeddings", "rerank", "moderations"] as const;
type Operation = (typeof operations)[number];

/** What a model can do that is served by these deployments. */
export async function abilitiesOf(served: readonly Served[]): Promise<Abilities> {
  const each = await Promise.all(served.map((one) => held.get(nameOf(one)) ?? lookUp(one)));
  const [first] = each;
  return each.length === 1 && first ? first : combined(each);
}

function nameOf({ type, upstreamModel }: Served): string {
  return `${type} ${upstreamModel}`;
}

async function lookUp(served: Served): Promise<Abilities> {
  const type = providerType(served.type);
  const facts = modelFacts(served.upstreamModel);
  const found = {
    capabilities: capabilitiesOf(type, facts),
    contextWindow: (await libraryWindow(type, served.upstreamModel)) ?? facts.contextWindow ?? null,
    maxOutputTokens: facts.maxOutputTokens ?? null,
  };
  if (held.size >= MAX_HELD) held.clear();
  held.set(nameOf(served), found);
  return found;
}

function capabilitiesOf(type: ProviderType | undefined, facts: ModelFacts): Abilities["capabilities"] {
  const offered = operations.filter((operation) => type?.[operation] !== undefined);
  const can = (operation: Operation): boolean | null => {
    if (!offered.includes(operation)) return false;
    if (facts.kind === "responses") return operation === "chat" ? null : false;
    if (facts.kind) return facts.kind === operation;
    // What else should a model be for whose vendor offers one thing alone?
    return offered.length === 1 ? true : null;
  };
  const chat = can("chat");
  const text = facts.kind === "responses" && type?.native?.responses ? true : chat;
  return mapOf((capability) => {
    if (isFeature(capability)) return text === false ? false : (facts.features?.[capability] ?? null);
    // Every other dialect of text is translated to chat.
    if (capability === "responses") return text;
    return can(capability === "streaming" ? "chat" : capability);
  });
}

/** The context window that the price library knows, in tokens. */
async function libraryWindow(type: ProviderType | undefined, upstreamModel: string): Promise<number | undefined> {
  if (type?.priceLibraryId === undefined) return undefined;
  // 20 MB and 90 ms: loaded when somebody asks.
  const { calcPrice } = await import("@pydantic/genai-prices");
  return calcPrice({}, upstreamModel, { providerId: type.priceLibraryId })?.model.context_window;
}

/** A call goes to a deployment that does its operation, but to any of those whatever else it asks for. */
function combined(each: readonly Abilities[]): Abilities {
  const isOperation = (capability: Capability) => operations.some((operation) => operation === capability);
  return {
    capabilities: mapOf((capability) => {
      const values = each.map(({ capabilities }) => capabilities.get(capability) ?? null);
      const decisive = isOperation(capability);
      if (values.includes(decisive)) return decisive;
      return values.includes(null) || values.length === 0 ? null : !decisive;
    }),
    contextWindow: least(each.map(({ contextWindow }) => contextWindow)),
    maxOutputTokens: least(each.map(({ maxOutputTokens }) => maxOutputTokens)),
  };
}

function mapOf(known: (capability: Capability) => boolean | null): ReadonlyMap<Capability, boolean | null> {
  return new Map(capabilityNames.map((capability) => [capability, known(capability)]));
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === values.length && known.length > 0 ? Math.min(...known) : null;
}
