import { chat } from "@/server/dialects/chat";
import type { Canonical, JsonObject, Located, TextDialect } from "@/server/dialects/dialect";
import { env } from "@/server/env";
import { type Asking as Admission, admit } from "@/server/gateway/admit";
import { attempt } from "@/server/gateway/attempts";
import { authenticate } from "@/server/gateway/authenticate";
import { begin, type Call } from "@/server/gateway/call";
import type { Endpoint, Inbound } from "@/server/gateway/endpoint";
import { withModel } from "@/server/gateway/narrow";
import { changed, planCall } from "@/server/gateway/plan";
import { prepareText } from "@/server/gateway/prepare-text";
import { parseBody } from "@/server/gateway/read-body";
import { keeping, type Recall, recalled, recallOf } from "@/server/gateway/recall";
import { relay } from "@/server/gateway/relay";
import { type Stage, targetsOf } from "@/server/gateway/resolve";
import type { Keeping, Kept } from "@/server/gateway/responses-keeping";
import { serve } from "@/server/gateway/serve";
import { alike, allChanges, changesFor } from "@/server/gateway/stage-changes";
import type { Caller } from "@/server/state/callers";
import { spliceJson } from "@/server/wire/splice";

/** One request for text: its bytes for upstreams that speak the caller's dialect, its meaning for all others. */
export class TextRequest {
  readonly dialect: TextDialect;
  bytes: Buffer;
  body: JsonObject;
  readonly stream: boolean;
  readonly located: Located;
  /** Where answers of its dialect are kept. */
  kept: Kept | undefined;
  /** How many tokens of an answer the budget pays for, where that limits it. */
  limit: number | undefined;
  #canonical: Canonical | undefined;
  #others: Map<JsonObject, TextRequest> | undefined;

  constructor(dialect: TextDialect, read: { bytes: Buffer; body: JsonObject; stream: boolean; located: Located }) {
    this.dialect = dialect;
    this.bytes = read.bytes;
    this.body = read.body;
    this.stream = read.stream;
    this.located = read.located;
  }

  /** The same request with another body, which holds all that it refers to. */
  with(body: JsonObject): TextRequest {
    const { dialect, stream, located } = this;
    return new TextRequest(dialect, { bytes: Buffer.from(JSON.stringify(body)), body, stream, located });
  }

  /** In the canonical form, made when it is first asked for. Throws `invalid_request`. */
  get canonical(): Canonical {
    this.#canonical ??= this.dialect.toCanonical(this.body, this.located);
    return this.#canonical;
  }

  /** The limit on the answer's tokens that it sets. */
  get askedTokens(): number | undefined {
    return this.dialect.askedOutput(this.body);
  }

  /** Sets a limit on the answer's tokens, where there is none or a higher one. */
  limitOutput(tokens: number): void {
    this.limit = tokens;
    if ((this.askedTokens ?? Number.POSITIVE_INFINITY) > tokens)
      this.change(this.dialect.limitOutput(this.body, tokens));
  }

  /** The same request with fields set that rules set for one stage alone, and with the same limit on its answer. */
  for(fields: JsonObject): TextRequest {
    this.#others ??= new Map();
    let other = this.#others.get(fields);
    if (!other) {
      other = new TextRequest(this.dialect, this);
      other.kept = this.kept;
      other.change(fields);
      if (this.limit !== undefined) other.limitOutput(this.limit);
      this.#others.set(fields, other);
    }
    return other;
  }

  /** Sets fields of the request, or takes out those that are null. */
  change(fields: JsonObject): void {
    this.#others = undefined;
    this.body = changed(this.body, fields);
    const texts = Object.entries(fields).map(([name, value]) => [name, value === null ? null : JSON.stringify(value)]);
    this.bytes = spliceJson(this.bytes, Object.fromEntries(texts));
    this.#canonical = undefined;
  }
}

/** The endpoint of a dialect in which callers ask for text. */
export function textEndpoint(dialect: TextDialect, keeps?: Keeping): Endpoint {
  return (inbound) =>
    serve(begin(inbound, "chat", dialect), async (call) => {
      const authenticating = authenticate(inbound);
      const caller = authenticating instanceof Promise ? await authenticating : authenticating;
      call.caller = caller;
      const request = readText(call, inbound, { dialect, bytes: await inbound.body(env.maxBodyBytes) });
      if (keeps) request.kept = await keeps(caller, request.body);
      call.prompt = request;
      call.asked = request;
      const planning = planCall(call, { caller, bytes: request.bytes, body: request.body });
      const { stages, changes } = planning instanceof Promise ? await planning : planning;
      if (changes) request.change(changes);
      // By what was asked for: what is left of a budget, by which an answer may be limited, is never the same twice.
      const recall = recallText(call, caller, { request, stages });
      const admitting = admit(call, caller, admissionOf(request, stages));
      if (admitting) await admitting;
      const known = recall && (await recalled(call, recall));
      if (known) return known;
      const reply = await attempt(call, stages, {
        prepare: (type, target, of) => prepareText(of, requestFor(of, request, stages), { type, target }),
        deliver: (answer, of) =>
          relay(of, requestFor(of, request, stages), { answer, stages: alike(stages, of.target) }),
      });
      return recall ? keeping(call.became ?? call, { ...recall, limit: request.limit }, reply) : reply;
    });
}

type Planned = { readonly request: TextRequest; readonly stages: readonly Stage[] };

/** How a call for text uses the cache; undefined where it does not. Throws `invalid_request` for a header that says nothing. */
export function recallText(call: Call, caller: Caller, { request, stages }: Planned): Recall | undefined {
  // Answers that are kept for later calls are one caller's turn in a conversation, and not repeated.
  if (request.kept?.keep !== undefined || request.kept?.continued !== undefined) return undefined;
  return recallOf(call, caller, { stages, bytes: request.bytes });
}

/** A request for text as its admission looks at it. */
export function admissionOf(request: TextRequest, stages: readonly Stage[]): Admission {
  return {
    bytes: request.bytes,
    body: request.body,
    besideTokens: request.kept?.continued?.boundTokens,
    targets: targetsOf(stages),
    stages,
    askedTokens: request.askedTokens,
    others: allChanges(stages).map((own) => request.for(own)),
    limitOutput: (tokens) => request.limitOutput(tokens),
  };
}

function requestFor({ target }: Call, request: TextRequest, stages: readonly Stage[]): TextRequest {
  const own = changesFor(stages, target);
  return own ? request.for(own) : request;
}

/** Reads the body of a request for text, and notes in its call what it asks for. Throws as `parseBody` does. */
export function readText(
  call: Call,
  inbound: Inbound,
  { dialect, bytes }: { readonly dialect: TextDialect; readonly bytes: Buffer },
): TextRequest {
  const { value } = parseBody(bytes, dialect.schema, withModel);
  const located = new Origin(inbound);
  const asked = dialect.read(value, located);
  call.requestBytes = bytes.length;
  call.model = asked.model;
  call.stream = asked.stream;
  return new TextRequest(dialect, { bytes, body: value, stream: asked.stream, located });
}

/** Where a request came from; few dialects look at the query. */
class Origin implements Located {
  readonly params: Located["params"];
  readonly #query: string;

  constructor({ params, query }: Inbound) {
    this.params = params;
    this.#query = query;
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.#query);
  }
}

/** `POST /v1/chat/completions`. Source: OpenAI API reference, "Create chat completion". */
export const chatCompletions = textEndpoint(chat);
