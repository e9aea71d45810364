import { classify } from "@/server/providers/gemini/classify";
import { countTokens } from "@/server/providers/gemini/count-tokens";
import { decode } from "@/server/providers/gemini/decode";
import { embeddings } from "@/server/providers/gemini/embeddings";
import { encode } from "@/server/providers/gemini/encode";
import { listModels } from "@/server/providers/gemini/list-models";
import { isGoogleFile } from "@/server/providers/gemini/media";
import { geminiNative } from "@/server/providers/gemini/native";
import { decodeStream } from "@/server/providers/gemini/stream";
import type { ProviderType } from "@/server/providers/provider";

/** Google AI Studio. Source: ai.google.dev, Gemini API reference. */
export const gemini: ProviderType = {
  id: "gemini",
  label: "Google Gemini",
  about: "Gemini models from Google AI Studio, with an API key.",
  baseUrl: "https://generativelanguage.googleapis.com/v1beta",
  auth: { scheme: "header", name: "x-goog-api-key", prefix: "" },
  keyOptional: false,
  chat: { kind: "translated", encode, decode, decodeStream, fetchesUrl: isGoogleFile },
  native: { gemini: geminiNative },
  embeddings,
  countTokens,
  listModels,
  classify,
  priceLibraryId: "google",
};
