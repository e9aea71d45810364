import { chat } from "@/server/dialects/chat";
import type { GatewayError } from "@/server/errors";
import { attempt } from "@/server/gateway/attempts";
import { blame } from "@/server/gateway/blame";
import { type Call, type CallTarget, decodeContext } from "@/server/gateway/call";
import type { StreamBody } from "@/server/gateway/endpoint";
import { estimateUsage } from "@/server/gateway/estimate";
import { holdAgain } from "@/server/gateway/hold-more";
import { leave, type Way } from "@/server/gateway/make-attempt";
import { isOver, noteServed } from "@/server/gateway/model-limits";
import { paidAlike, pays } from "@/server/gateway/other-models";
import { type PreparedText, prepareText } from "@/server/gateway/prepare-text";
import type { Progress } from "@/server/gateway/progress";
import { isFor, routeId, type Stage } from "@/server/gateway/resolve";
import { nextTarget } from "@/server/gateway/select";
import { costOfCall } from "@/server/gateway/settle";
import { SplicedAnswer, type SpliceMode } from "@/server/gateway/splice-answer";
import { openStream, producedBy, type Translator } from "@/server/gateway/stream";
import { TextRequest } from "@/server/gateway/text-call";
import { endAttempt } from "@/server/gateway/trace";
import { TranslatedStream } from "@/server/gateway/translated-stream";
import { log } from "@/server/log";
import { modelFacts } from "@/server/providers/model-facts";
import { openAiDecoding } from "@/server/providers/openai-chat-decode";
import type { ChatRequest } from "@/server/wire/chat";
import { listOf } from "@/server/wire/json";
import { noUsage, outputTokens, sumUsage, type Usage } from "@/server/wire/usage";

/** What a target that says nothing in time means for the others. */
const AFTER_SILENCE = "elsewhere";
/** Streams of one call that may break and be continued. */
const MAX_RESCUES = 5;
const RESCUED = new Set(["upstream_unavailable", "upstream_timeout", "upstream_garbled", "upstream_rate_limited"]);

/**
 * Continues streams that died or stalled after their caller had a part of them, where no tool call was sent: a target that goes on
 * from a beginning is given it; any other answers anew, and counts only if its answer begins with what the caller has.
 */
export class Rescuer {
  #call: Call;
  #request: TextRequest;
  #stages: readonly Stage[];
  #rescues = 0;
  /** Tokens of answer that what the call held at first pays for. */
  #heldTokens: number | undefined;
  /** Routes whose stream broke or was another answer. */
  #spent: string[] = [];
  /** Targets whose stream broke, which are asked once more when all others have failed. */
  #cut: { readonly target: CallTarget; readonly stage: Stage }[] = [];

  constructor(call: Call, request: TextRequest, stages: readonly Stage[]) {
    this.#call = call;
    this.#request = request;
    this.#stages = stages;
    this.#heldTokens = call.heldAnswer?.tokens;
  }

  /**
   * Whether a target that has begun its stream, but is silent, had better be given up for another. Not where none could be asked now,
   * nor where the model may be thinking.
   */
  betterElsewhere(): boolean {
    const call = this.#call;
    if (!call.target || modelFacts(call.target.upstreamModel).features?.reasoning === true) return false;
    return this.#stages.some(
      (stage) =>
        isFor(stage, AFTER_SILENCE) &&
        pays(call, stage) &&
        !isOver(call, stage) &&
        stage.targets.some((one) => this.#isReady(stage, one)),
    );
  }

  #isReady(stage: Stage, target: CallTarget): boolean {
    const { provider, upstreamModel } = target;
    const asked = this.#call.trace.some(
      (one) => one.provider === provider.name && one.upstream_model === upstreamModel,
    );
    return !asked && nextTarget(this.#call, { ...stage, targets: [target] }, undefined) !== undefined;
  }

  /** The rest of the stream from another target; undefined when there is none, and the call is as it was. */
  async rescue(translator: Translator, error: GatewayError): Promise<StreamBody | undefined> {
    const call = this.#call;
    const { target } = call;
    if (!target) return undefined;
    const last = call.trace.at(-1);
    if (last) endAttempt(call, last, error);
    if (!translator.diverged) blame(call, target, error);
    if (call.cancel.aborted || !RESCUED.has(error.kind) || this.#rescues++ >= MAX_RESCUES) return undefined;
    const progress = this.#mayGoOn() ? translator.progress?.() : undefined;
    if (!progress) return undefined;
    this.#remember(target, translator);
    const { spentBefore, usedBefore, firstTokenMs, finishReason } = call;
    const used = await bill(call, translator);
    const { usage, estimate } = call;
    leave(call);
    const body = (await holdAgain(call, this.#heldTokens))
      ? await this.#goOn({ ...progress, usage: translator.told?.(used) ?? used }, error)
      : undefined;
    if (body) {
      call.firstTokenMs = firstTokenMs ?? call.firstTokenMs;
      return body;
    }
    Object.assign(call, { target, usage, estimate, spentBefore, usedBefore, firstTokenMs, finishReason });
    // It is the one that the call is settled with.
    if (last) Object.assign(last, { cost_nano: undefined, used: undefined });
    return undefined;
  }

  /** A target whose stream broke is asked once more, after all others. */
  #remember(target: CallTarget, { diverged }: Translator): void {
    const id = routeId(target);
    const stage = this.#stages.find(({ targets }) => targets.some((one) => routeId(one) === id));
    if (stage && !diverged && !this.#spent.includes(id)) this.#cut.push({ target, stage });
    this.#spent.push(id);
  }

  /**
   * Several answers at once cannot be told apart in a continuation, and calls by the older `functions` and speech are not read of
   * another's answer.
   */
  #mayGoOn(): boolean {
    const { body } = this.#request;
    if (this.#stages[0]?.settings.rescue === false) return false;
    return !(typeof body.n === "number" && body.n > 1) && listOf(body.functions).length === 0 && !body.audio;
  }

  async #goOn(progress: Progress, broke: GatewayError): Promise<StreamBody | undefined> {
    const others = this.#stages
      .filter((stage) => paidAlike(this.#call, stage))
      .map((stage) => ({ ...stage, targets: stage.targets.filter((one) => !this.#spent.includes(routeId(one))) }))
      .filter(({ targets }) => targets.length > 0);
    const again = this.#cut.splice(0);
    const body = others.length > 0 ? await this.#ask(others, { progress, broke }) : undefined;
    if (body) {
      this.#cut.push(...again);
      return body;
    }
    if (again.length === 0 || this.#call.cancel.aborted) return undefined;
    return this.#ask(
      again.map(({ target, stage }) => ({ ...stage, targets: [target] })),
      { progress, broke },
    );
  }

  async #ask(stages: readonly Stage[], { progress, broke }: Broken): Promise<StreamBody | undefined> {
    const call = this.#call;
    try {
      const { body } = await attempt(call, stages, { ...this.#way(progress), broke });
      return typeof body === "function" ? body : undefined;
    } catch (thrown) {
      log.debug({ requestId: call.requestId, err: thrown }, "No target could go on with a broken stream.");
      return undefined;
    }
  }

  #way(progress: Progress): Way<PreparedText> {
    const call = this.#call;
    const refused = new Set<string>();
    const keep = this.#request.kept?.keep;
    let mode: SpliceMode = "anew";
    return {
      prepare: (type, target) => {
        const takes = type.chat?.continues?.(target) === true && call.target && !refused.has(routeId(call.target));
        mode = takes && progress.text.trim() !== "" ? "continued" : "anew";
        const before = mode === "continued" ? progress : undefined;
        const { body, kept } = this.#request;
        if (!kept?.continued) return prepareText(call, continuation(this.#request, before), { type, target });
        // What a vendor holds of the conversation no other has: it goes along.
        return kept.continued
          .whole(body, "translated")
          .then((whole) => prepareText(call, continuation(this.#request.with(whole), before), { type, target }));
      },
      deliver: async ({ type, response, prepared: { reading } }) => {
        const decoding = reading.kind === "decoded" ? reading : openAiDecoding(type.classify);
        const splice = new SplicedAnswer(progress, mode);
        const translator = new TranslatedStream(call, {
          framing: reading.framing,
          decode: decoding.decodeStream(decodeContext(call)),
          encoder: splice,
          splice,
          // Whatever began it, its vendor does not have the whole of it.
          keep: keep && ((answer) => keep(answer, { call, native: false })),
        });
        return { status: 200, headers: {}, body: await openStream(call, response, { translator, rescuer: this }) };
      },
      judge: (error, target) => {
        if (error.kind !== "upstream_rejected") return undefined;
        if (mode === "anew") return "elsewhere";
        // It does not take a beginning after all; it may answer anew.
        refused.add(routeId(target));
        return "at-once";
      },
    };
  }
}

/** What the caller has of a stream, and what it broke off with. */
type Broken = { readonly progress: Progress; readonly broke: GatewayError };

/** What the vendor of the broken attempt will charge is a part of what the call costs; gives what it used. */
async function bill(call: Call, translator: Translator): Promise<Usage> {
  if (!call.usage) call.estimate = await estimateUsage(call, producedBy(translator));
  const { spentBefore, usedBefore } = call;
  const used = call.usage ?? call.estimate ?? noUsage;
  const cost = costOfCall(call);
  const last = call.trace.at(-1);
  if (last) last.used = used;
  noteServed(call);
  if (last && cost) last.cost_nano = (cost.nano - spentBefore).toString();
  if (cost) call.spentBefore = cost.nano;
  const estimated = !call.usage || usedBefore?.estimated === true;
  call.usedBefore = { usage: usedBefore ? sumUsage(usedBefore.usage, used) : used, estimated };
  return used;
}

/**
 * The request in the canonical form. To go on from, it has what the caller has as the beginning of the answer, and limits to what that
 * left of them.
 */
function continuation(request: TextRequest, before: Progress | undefined): TextRequest {
  const { request: canonical } = request.canonical;
  const body = { ...canonical, stream: true, ...(before && goingOn(canonical, before)) };
  return new TextRequest(chat, {
    bytes: Buffer.from(JSON.stringify(body)),
    body,
    stream: true,
    located: request.located,
  });
}

function goingOn(canonical: ChatRequest, { text, usage = noUsage }: Progress): Partial<ChatRequest> {
  const sent = outputTokens(usage);
  const left = (limit: number): number => Math.max(1, limit - sent);
  const { messages, max_tokens, max_completion_tokens } = canonical;
  return {
    messages: [...messages, { role: "assistant", content: text.trimEnd() }],
    ...(typeof max_tokens === "number" && { max_tokens: left(max_tokens) }),
    ...(typeof max_completion_tokens === "number" && { max_completion_tokens: left(max_completion_tokens) }),
  };
}
