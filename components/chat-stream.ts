import { z } from "zod";
import { eventReader } from "./event-stream";

const Counts = z.object({ prompt_tokens: z.number(), completion_tokens: z.number() });

const Chunk = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish(), reasoning_content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: Counts.nullish(),
  error: z.object({ message: z.string() }).nullish(),
});

const Failure = z.object({ error: z.object({ message: z.string() }) });

/** A piece of an answer. */
export type ChatPiece = { text: string; reasoning: string };

/** What is known when an answer has ended. Milliseconds are as this browser saw them. */
export type ChatEnd = {
  usage: { input: number; output: number } | undefined;
  finishReason: string | undefined;
  firstTokenMs: number | undefined;
  durationMs: number;
};

type ChatCall = {
  keyId: string;
  body: Record<string, unknown>;
  signal: AbortSignal;
  /** Called as soon as the answer begins, with the id that its ledger row has. */
  onBegin: (requestId: string | null) => void;
  onPiece: (piece: ChatPiece) => void;
};

/** Makes a streamed chat call in the name of a key. Rejects with the gateway's own words, or with an AbortError when stopped. */
export async function streamChat({ keyId, body, signal, onBegin, onPiece }: ChatCall): Promise<ChatEnd> {
  const startedMs = performance.now();
  const response = await fetch("/api/playground/chat", {
    method: "POST",
    headers: { "content-type": "application/json", "x-conduit-key-id": keyId },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  onBegin(response.headers.get("x-request-id"));
  if (!response.ok || !response.body) throw new Error(await failureOf(response));
  const end: ChatEnd = { usage: undefined, finishReason: undefined, firstTokenMs: undefined, durationMs: 0 };
  const read = eventReader();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    for (const data of read(next.value)) {
      if (data === "[DONE]") continue;
      const piece = take(data, end);
      if (piece.text + piece.reasoning === "") continue;
      end.firstTokenMs ??= performance.now() - startedMs;
      onPiece(piece);
    }
  }
  end.durationMs = performance.now() - startedMs;
  return end;
}

/** Reads one event into what is known of the end, and gives its text. */
function take(data: string, end: ChatEnd): ChatPiece {
  const chunk = Chunk.parse(JSON.parse(data));
  if (chunk.error) throw new Error(chunk.error.message);
  if (chunk.usage) end.usage = { input: chunk.usage.prompt_tokens, output: chunk.usage.completion_tokens };
  const choice = chunk.choices?.[0];
  end.finishReason = choice?.finish_reason ?? end.finishReason;
  return { text: choice?.delta?.content ?? "", reasoning: choice?.delta?.reasoning_content ?? "" };
}

async function failureOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return Failure.parse(JSON.parse(text)).error.message;
  } catch {
    // Not the gateway's own shape: a proxy in between may have answered.
    return `The server answered with HTTP ${response.status}.`;
  }
}
