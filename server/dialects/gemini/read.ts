import type { Seen } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { finishReason } from "@/server/wire/gemini-stop";
import { usageOf } from "@/server/wire/gemini-usage";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";

type Response = Record<string, unknown>;

/** What a whole answer of generateContent says to the ledger. */
export function readWhole(body: unknown): Seen {
  const outer = Array.isArray(body) ? body[0] : body;
  if (!isRecord(outer)) throw new GatewayError("upstream_garbled", "The provider's answer is not JSON.");
  if (isRecord(outer.error)) return failed(outer);
  if (!Array.isArray(outer.candidates) && blockReason(outer) === undefined) {
    throw new GatewayError("upstream_garbled", "The provider's answer is not generated content.");
  }
  const [first] = listOf(outer.candidates);
  return {
    usage: usageOf(outer.usageMetadata),
    finishReason: blockReason(outer) ? "content_filter" : finishOf(first, callsOf(first)),
  };
}

/** Makes a reader for one stream, which ends when every candidate has said why it does, or the prompt was blocked. */
export function readStream(): (event: ServerSentEvent) => Seen {
  const finished = new Map<number, boolean>();
  let called = false;
  return ({ data }) => {
    const event: unknown = JSON.parse(data);
    const response = Array.isArray(event) ? event[0] : event;
    if (!isRecord(response)) return {};
    if (isRecord(response.error)) return failed(response);
    let reason: string | undefined;
    let token = false;
    for (const [position, candidate] of listOf(response.candidates).entries()) {
      if (!isRecord(candidate)) continue;
      const index = typeof candidate.index === "number" ? candidate.index : position;
      called ||= callsOf(candidate);
      token ||= partsOf(candidate).some(carriesToken);
      const ended = finishOf(candidate, called);
      reason = ended ?? reason;
      finished.set(index, finished.get(index) || ended !== undefined);
    }
    const blocked = blockReason(response) !== undefined;
    const end = blocked || (finished.size > 0 && [...finished.values()].every(Boolean));
    const usage = usageOf(response.usageMetadata);
    return {
      started: finished.size > 0 || blocked,
      token,
      finishReason: blocked ? "content_filter" : reason,
      end,
      usage,
    };
  };
}

function failed(response: Response): Seen {
  const code = isRecord(response.error) ? Number(response.error.code) : Number.NaN;
  return { error: response, errorStatus: code >= 400 && code < 600 ? code : undefined };
}

function blockReason({ promptFeedback }: Response): string | undefined {
  return isRecord(promptFeedback) ? textOf(promptFeedback.blockReason) : undefined;
}

function finishOf(candidate: unknown, called: boolean): string | undefined {
  const reason = isRecord(candidate) ? textOf(candidate.finishReason) : undefined;
  return reason === undefined || reason === "FINISH_REASON_UNSPECIFIED" ? undefined : finishReason(reason, called);
}

function partsOf(candidate: unknown): Response[] {
  const content = isRecord(candidate) && isRecord(candidate.content) ? candidate.content : {};
  return listOf(content.parts).filter(isRecord);
}

function callsOf(candidate: unknown): boolean {
  return partsOf(candidate).some((part) => isRecord(part.functionCall));
}

function carriesToken({ text, thoughtSignature: _signature, thought: _thought, ...rest }: Response): boolean {
  return textOf(text) !== undefined || Object.keys(rest).length > 0;
}
