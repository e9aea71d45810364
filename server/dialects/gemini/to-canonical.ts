import type { Canonical, JsonObject, Located } from "@/server/dialects/dialect";
import { configOf } from "@/server/dialects/gemini/config";
import { instructionOf, messagesOf } from "@/server/dialects/gemini/contents";
import { addressed, field, jsonName } from "@/server/dialects/gemini/request";
import { toolsOf } from "@/server/dialects/gemini/tools";
import { GatewayError } from "@/server/errors";
import { ChatRequest } from "@/server/wire/chat";

/** Fields that are translated, or that ask for nothing. */
const READ: ReadonlySet<string> = new Set([
  ...["contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "model", "key"],
]);

/**
 * A request of generateContent in the canonical form. Safety settings, cached content and what else is Google's alone are named
 * in `dropped`. Throws `invalid_request` with a `param` for what is malformed.
 */
export function toCanonical(body: JsonObject, located: Located): Canonical {
  const { model, method } = addressed(located);
  const dropped = new Set<string>();
  for (const [name, value] of Object.entries(body)) {
    const isEmpty = value === null || value === undefined || (Array.isArray(value) && value.length === 0);
    if (!READ.has(jsonName(name)) && !isEmpty && /^\w{1,64}$/.test(name)) dropped.add(name);
  }
  const instruction = instructionOf(field(body, "systemInstruction"));
  const messages = messagesOf(body.contents, dropped);
  const parsed = ChatRequest.safeParse({
    model,
    messages: [...(instruction === undefined ? [] : [{ role: "system", content: instruction }]), ...messages],
    ...(method === "streamGenerateContent" && { stream: true, stream_options: { include_usage: true } }),
    ...configOf(body, dropped),
    ...toolsOf(body, dropped),
  });
  if (parsed.success) return { request: parsed.data, dropped: [...dropped] };
  const issue = parsed.error.issues[0];
  const param = issue?.path.join(".") ?? "";
  throw new GatewayError("invalid_request", `Invalid value for '${param}': ${issue?.message ?? "Invalid input."}`, {
    param,
  });
}
