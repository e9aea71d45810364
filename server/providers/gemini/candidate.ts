import type { ErrorKind } from "@/server/errors";
import { groundedUrls } from "@/server/providers/gemini/grounding";
import { logprobsOf } from "@/server/providers/gemini/logprobs";
import { PartialArgs } from "@/server/providers/gemini/partial-args";
import { brokenEnd, refusalText } from "@/server/providers/gemini/stop";
import type { Candidate, Part } from "@/server/providers/gemini/wire";
import type { DecodeContext } from "@/server/providers/provider";
import { packCarried } from "@/server/wire/carried";
import type { ChatChunk, ChatFinishReason } from "@/server/wire/chat";
import { finishReason } from "@/server/wire/gemini-stop";
import { isRecord, textOf } from "@/server/wire/json";

export type Delta = ChatChunk["choices"][number]["delta"];

/** What one event adds to a candidate. */
export type Said = {
  readonly deltas: readonly Delta[];
  readonly logprobs: Record<string, unknown> | undefined;
  readonly finish: ChatFinishReason | undefined;
  readonly error: { readonly kind: ErrorKind; readonly message: string } | undefined;
};

type OpenCall = { readonly index: number; readonly args: PartialArgs };

/** Reads one candidate of an answer, whole or in events. What ran at Google (code, searches) is not repeated to the caller. */
export class CandidateReader {
  readonly #context: DecodeContext;
  readonly #index: number;
  #began = false;
  #text = "";
  #calls = 0;
  #open: OpenCall | undefined;
  #signature: string | undefined;
  #grounding: unknown;
  finished = false;

  constructor(context: DecodeContext, index: number) {
    this.#context = context;
    this.#index = index;
  }

  read(candidate: Candidate): Said {
    const deltas = (candidate.content?.parts ?? []).flatMap((part) => this.#part(part));
    if (isRecord(candidate.groundingMetadata)) this.#grounding = candidate.groundingMetadata;
    const logprobs = logprobsOf(candidate.logprobsResult);
    const reason = candidate.finishReason;
    if (!reason || reason === "FINISH_REASON_UNSPECIFIED" || this.finished) {
      return this.#said(deltas, { logprobs, finish: undefined, error: undefined });
    }
    return this.#end([...deltas, ...this.#closeCall()], { reason, message: candidate.finishMessage, logprobs });
  }

  #end(
    deltas: readonly Delta[],
    about: { reason: string; message: string | null | undefined; logprobs: Said["logprobs"] },
  ): Said {
    this.finished = true;
    const { reason, message, logprobs } = about;
    const broken = this.#text === "" && this.#calls === 0 ? brokenEnd(reason, message) : undefined;
    if (broken !== undefined) {
      return { deltas: [], logprobs, finish: undefined, error: { kind: "upstream_garbled", message: broken } };
    }
    const finish = finishReason(reason, this.#calls > 0);
    const last: Delta[] = [];
    if (this.#signature !== undefined) last.push({ thinking_blocks: [signedBlock(this.#signature)] });
    const annotations = groundedUrls(this.#grounding, this.#text);
    if (annotations.length > 0) last.push({ annotations });
    if (finish === "content_filter" && this.#text === "") last.push({ refusal: refusalText(reason, message) });
    // An answer has a role also where it says nothing.
    return this.#said([...deltas, ...last], { logprobs, finish, error: undefined }, true);
  }

  #said(deltas: readonly Delta[], rest: Omit<Said, "deltas">, always = false): Said {
    if (this.#began || (deltas.length === 0 && !always)) return { ...rest, deltas };
    this.#began = true;
    return { ...rest, deltas: [{ role: "assistant", content: "" }, ...deltas] };
  }

  #part(part: Part): Delta[] {
    const signature = textOf(part.thoughtSignature) ?? textOf(part.thought_signature);
    if (isRecord(part.functionCall)) return this.#functionCall(part.functionCall, signature);
    if (signature !== undefined) this.#signature = signature;
    const text = textOf(part.text);
    if (text !== undefined) {
      if (part.thought === true) return [{ reasoning_content: text }];
      this.#text += text;
      return [{ content: text }];
    }
    return part.thought === true || !isRecord(part.inlineData) ? [] : this.#media(part.inlineData);
  }

  #media(data: Record<string, unknown>): Delta[] {
    const bytes = textOf(data.data);
    const type = textOf(data.mimeType) ?? "";
    if (bytes === undefined) return [];
    if (type.startsWith("image/")) {
      return [{ images: [{ type: "image_url", image_url: { url: `data:${type};base64,${bytes}` } }] }];
    }
    if (!type.startsWith("audio/")) return [];
    const { id, created } = this.#context;
    return [{ audio: { id: `audio_${bare(id)}`, data: bytes, transcript: "", expires_at: created } }];
  }

  #functionCall(call: Record<string, unknown>, signature: string | undefined): Delta[] {
    const name = textOf(call.name);
    const goesOn = call.willContinue === true;
    if (name === undefined) {
      this.#open?.args.add(call.partialArgs);
      return goesOn ? [] : this.#closeCall();
    }
    const before = this.#closeCall();
    const index = this.#calls++;
    const args = isRecord(call.args) ? call.args : {};
    const streamed = goesOn || Array.isArray(call.partialArgs);
    if (streamed) {
      this.#open = { index, args: new PartialArgs() };
      this.#open.args.add(call.partialArgs);
    }
    const delta: Delta = {
      tool_calls: [
        {
          index,
          id: textOf(call.id) ?? `call_${bare(this.#context.id)}_${this.#index > 0 ? `${this.#index}_` : ""}${index}`,
          type: "function",
          function: { name, arguments: streamed ? "" : JSON.stringify(args) },
          ...(signature !== undefined && { extra_content: { google: { thought_signature: signature } } }),
        },
      ],
    };
    return [...before, delta, ...(streamed && !goesOn ? this.#closeCall() : [])];
  }

  #closeCall(): Delta[] {
    if (!this.#open) return [];
    const { index, args } = this.#open;
    this.#open = undefined;
    return [{ tool_calls: [{ index, function: { arguments: args.text() } }] }];
  }
}

/** A text's signature has no place in OpenAI's form; marked as Google's it is not taken for another vendor's. */
function signedBlock(signature: string) {
  const carried = packCarried({ google: { thought_signature: signature } });
  return { type: "thinking", thinking: "", signature: carried } as const;
}

/** The unique part of a call's id. */
function bare(id: string): string {
  return id.replace(/^[a-z]+-/, "");
}
