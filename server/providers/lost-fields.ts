import type { ChatRequest } from "@/server/wire/chat";
import { isRecord } from "@/server/wire/json";
import { lostSettings } from "@/server/wire/messages-form";

/** The fields of a request that ask for something and are not among those that an encoder knows. */
export function lostFields(request: ChatRequest, known: ReadonlySet<string>): string[] {
  const fields = askedFields(request, known).filter((field) => field !== "messages_api");
  return [...fields, ...lostSettings(request), ...lostInMessages(request)];
}

/** The names of the top-level fields that ask for something and are not among those that are known. */
export function askedFields(request: ChatRequest, known: ReadonlySet<string>): string[] {
  return (
    Object.entries(request)
      .filter(([field, value]) => !known.has(field) && asksForSomething(field, value))
      // These names go into a header, so those that are no names stay out.
      .flatMap(([field]) => (/^\w{1,64}$/.test(field) ? [field] : []))
  );
}

/** What of messages only OpenAI has a word for: the speaker's name, and an answer in sound by its id. */
export function lostInMessages({ messages }: ChatRequest): string[] {
  const names = messages.some(({ role, name }) => role !== "tool" && typeof name === "string");
  const audio = messages.some((message) => isRecord(message.audio));
  return [...(names ? ["messages.name"] : []), ...(audio ? ["messages.audio"] : [])];
}

/** A field that asks for nothing, such as `n: 1`, is no loss. */
function asksForSomething(field: string, value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (field === "n") return value !== 1;
  if (field === "modalities") return !(Array.isArray(value) && value.every((modality) => modality === "text"));
  if (field === "frequency_penalty" || field === "presence_penalty" || field === "top_logprobs") return value !== 0;
  return !(field === "logit_bias" && isRecord(value) && Object.keys(value).length === 0);
}
