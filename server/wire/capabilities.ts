/** What a model can do, with what each word means; the order is that in which callers are told. */
const meanings = {
  chat: "Answers in text on /v1/chat/completions and the other text endpoints.",
  responses: "Answers in text on /v1/responses.",
  streaming: "Sends its text piece by piece.",
  tools: "Calls the functions that a request declares.",
  vision: "Reads images.",
  pdf_in: "Reads PDF files.",
  audio_in: "Hears recorded sound.",
  audio_out: "Answers in sound.",
  json_schema: "Holds its answer to a JSON schema.",
  reasoning: "Thinks before it answers.",
  embeddings: "Turns texts into vectors on /v1/embeddings.",
  rerank: "Orders documents by relevance on /v1/rerank.",
  moderations: "Classifies harmful content on /v1/moderations.",
} as const;

export type Capability = keyof typeof meanings;

/** Every capability, in the order in which callers are told. */
export const capabilityNames: readonly Capability[] = Object.keys(meanings).filter(isCapability);

/** Whether a text names a capability. */
export function isCapability(name: string): name is Capability {
  return Object.hasOwn(meanings, name);
}

/** What a capability means, in one English sentence. */
export function meaningOf(capability: Capability): string {
  return meanings[capability];
}

/** What a model that answers in text may be able to do beside that. */
export const features = ["tools", "vision", "pdf_in", "audio_in", "audio_out", "json_schema", "reasoning"] as const;
export type Feature = (typeof features)[number];

/** Whether a capability is one of those that only come with answers in text. */
export function isFeature(capability: Capability): capability is Feature {
  return features.some((feature) => feature === capability);
}
