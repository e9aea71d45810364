import type { Seen } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { statusInError } from "@/server/wire/error";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";
import { usageFromChat, usageFromChunk } from "@/server/wire/usage";

/** What a whole completion says to the ledger. Throws `upstream_garbled` for what is none. */
export function readWhole(body: unknown): Seen {
  if (!isRecord(body)) throw new GatewayError("upstream_garbled", "The provider's answer is not JSON.");
  if (!Array.isArray(body.choices)) {
    // Some vendors send an error with status 200.
    if (isRecord(body.error)) return { error: body, errorStatus: statusInError(body.error) };
    throw new GatewayError("upstream_garbled", "The provider's answer is not a completion.");
  }
  const [choice] = listOf(body.choices);
  return {
    usage: usageFromChat(body.usage),
    finishReason: isRecord(choice) ? textOf(choice.finish_reason) : undefined,
  };
}

/** Makes a reader for one stream of completions. */
export function readStream(): (event: ServerSentEvent) => Seen {
  const finished = new Map<number, boolean>();
  return ({ data }) => {
    if (data === "[DONE]") return { started: true, end: true };
    const event: unknown = JSON.parse(data);
    if (!isRecord(event)) return {};
    if (isRecord(event.error)) return { error: event, errorStatus: statusInError(event.error) };
    let finishReason: string | undefined;
    let token = false;
    for (const choice of listOf(event.choices)) {
      if (!isRecord(choice)) continue;
      const index = Number(choice.index ?? 0);
      const reason = textOf(choice.finish_reason);
      finishReason = reason ?? finishReason;
      finished.set(index, finished.get(index) === true || reason !== undefined);
      token ||= textOf(choice.text) !== undefined;
    }
    // With every choice finished nothing of the answer is missing but the closing line itself.
    const end = finished.size > 0 && [...finished.values()].every(Boolean);
    return { started: true, token, finishReason, end, usage: usageFromChunk(event) };
  };
}
