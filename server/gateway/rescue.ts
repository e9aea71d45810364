import { chat } from "@/server/dialects/chat";
import type { StreamEncoder } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { forgetAnswer } from "@/server/gateway/attempts";
import { blame } from "@/server/gateway/blame";
import { type Call, type CallTarget, decodeContext } from "@/server/gateway/call";
import { dispatch } from "@/server/gateway/dispatch";
import { estimateUsage } from "@/server/gateway/estimate";
import { prepareText } from "@/server/gateway/prepare-text";
import type { Progress } from "@/server/gateway/progress";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { candidates, type Tried } from "@/server/gateway/select";
import { costOfCall } from "@/server/gateway/settle";
import { openStream, type Rescue } from "@/server/gateway/stream";
import { TextRequest } from "@/server/gateway/text-call";
import { traced } from "@/server/gateway/trace";
import { TranslatedStream } from "@/server/gateway/translated-stream";
import { log } from "@/server/log";
import { openAiDecoding } from "@/server/providers/openai-chat-decode";
import { providerType } from "@/server/providers/registry";
import { departed, returned, routeOf } from "@/server/state/route-health";
import type { ChatChunk } from "@/server/wire/chat";

/** Targets that are asked to go on, at most. */
const MAX_RESCUES = 3;
const RESCUED = new Set(["upstream_unavailable", "upstream_timeout", "upstream_garbled", "upstream_rate_limited"]);

/**
 * Continues a stream that died or stalled after its caller had a part of it, where no tool call was sent: a target that goes on from
 * a beginning is given it; any other answers anew, and counts only if its answer begins with what the caller has.
 */
export function rescuer(call: Call, request: TextRequest, stages: readonly Stage[]): Rescue {
  const tried: Tried = new Map();
  let rescues = 0;
  const rescue: Rescue = async (translator, error) => {
    const { target } = call;
    if (!target || call.cancel.aborted || !RESCUED.has(error.kind)) return undefined;
    blame(call, target, error);
    const progress = translator.progress?.();
    if (!progress || plural(request) || rescues >= MAX_RESCUES) return undefined;
    tried.set(routeId(target), { times: 1, keys: new Set(), verdict: "elsewhere", again: 0 });
    bill(call, translator.producedTokens);
    for (const stage of stages) {
      for (;;) {
        const next = candidates(call, stage, tried);
        if (next.kind === "none" || rescues++ >= MAX_RESCUES) break;
        tried.set(routeId(next.target), { times: 1, keys: new Set(), verdict: "elsewhere", again: 0 });
        try {
          return await continueAt(call, { target: next.target, stage, request, progress, rescue });
        } catch (thrown) {
          log.debug({ requestId: call.requestId, err: thrown }, "A target could not go on with a broken stream.");
          if (call.cancel.aborted) return undefined;
        }
      }
    }
    return undefined;
  };
  return rescue;
}

/** Several answers at once cannot be told apart in a continuation. */
function plural({ body }: TextRequest): boolean {
  return typeof body.n === "number" && body.n > 1;
}

/** What the vendor of the broken attempt will charge is a part of what the call costs. */
function bill(call: Call, producedTokens: number): void {
  if (!call.usage) call.estimate = estimateUsage(call, producedTokens);
  const before = call.spentBefore;
  const cost = costOfCall(call);
  if (!cost) return;
  const last = call.trace.at(-1);
  if (last) last.cost_nano = (cost.nano - before).toString();
  call.spentBefore = cost.nano;
}

type Continuing = {
  readonly target: CallTarget;
  readonly stage: Stage;
  readonly request: TextRequest;
  readonly progress: Progress;
  readonly rescue: Rescue;
};

async function continueAt(call: Call, { target, stage, request, progress, rescue }: Continuing) {
  const type = providerType(target.provider.type);
  if (!type?.chat) throw new GatewayError("invalid_request", "This target does not do chat.");
  const route = routeOf(routeId(target));
  departed(route);
  const record = traced(call, { target, waitMs: 0, stage: stage.model });
  forgetAnswer(call);
  let prefill = false;
  try {
    const { response, prepared } = await dispatch(call, target, (_type, address) => {
      prefill = type.chat?.continues?.(address) === true;
      return prepareText(call, continuation(request, prefill ? progress.text : undefined), { type, target: address });
    });
    const { reading } = prepared;
    const decoding = reading.kind === "decoded" ? reading : openAiDecoding(type.classify);
    const translator = new TranslatedStream(call, {
      framing: reading.framing,
      decode: decoding.decodeStream(decodeContext(call)),
      encoder: splice(progress, prefill),
    });
    const body = await openStream(call, response, { translator, rescue });
    record.end(200);
    return body;
  } catch (thrown) {
    if (thrown instanceof GatewayError) {
      record.end(thrown.status, thrown);
      blame(call, target, thrown);
    }
    throw thrown;
  } finally {
    returned(route);
  }
}

/** The request in the canonical form, with what the caller has as the beginning of the answer. */
function continuation(request: TextRequest, beginning: string | undefined): TextRequest {
  const { request: canonical } = request.canonical;
  const messages = [...canonical.messages, ...(beginning ? [{ role: "assistant", content: beginning.trimEnd() }] : [])];
  const body = { ...canonical, messages, stream: true };
  return new TextRequest(chat, {
    bytes: Buffer.from(JSON.stringify(body)),
    body,
    stream: true,
    located: request.located,
  });
}

/** Leaves out of an answer what the caller has of it already, and gives the rest the first stream's ids. */
function splice({ text, head, encoder }: Progress, prefill: boolean): StreamEncoder {
  // What goes on from a text without its white space at the end begins with that space.
  let expected = prefill ? text.slice(text.trimEnd().length) : text;
  const rest = (content: string): string => {
    if (expected === "") return content;
    const common = Math.min(expected.length, content.length);
    if (content.slice(0, common) !== expected.slice(0, common)) {
      if (prefill) {
        expected = "";
        return content;
      }
      throw new GatewayError(
        "upstream_unavailable",
        "The provider's stream broke off, and no other could go on from there.",
      );
    }
    expected = expected.slice(common);
    return content.slice(common);
  };
  return {
    chunk: (chunk) => {
      const choices = chunk.choices.flatMap((choice) => spliced(choice, rest));
      return choices.length === 0 ? "" : encoder.chunk({ ...chunk, ...head, choices });
    },
    finish: (usage) => encoder.finish(usage),
    fail: (error) => encoder.fail(error),
  };
}

type Choice = ChatChunk["choices"][number];

function spliced(choice: Choice, rest: (content: string) => string): Choice[] {
  const { role: _role, reasoning_content: _thought, thinking_blocks: _blocks, ...delta } = choice.delta;
  const content = delta.content ? rest(delta.content) : delta.content;
  const kept = { ...delta, ...(content !== undefined && { content }) };
  const says = Object.values(kept).some((value) => value !== null && value !== "" && value !== undefined);
  return says || choice.finish_reason ? [{ ...choice, delta: kept }] : [];
}
