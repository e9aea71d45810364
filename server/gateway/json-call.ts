import type { ZodType } from "zod";
import type { Dialect } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { admit } from "@/server/gateway/admit";
import { attempt } from "@/server/gateway/attempts";
import { authenticate } from "@/server/gateway/authenticate";
import {
  begin,
  type Call,
  type CallTarget,
  decodeContext,
  type Operation as OperationName,
} from "@/server/gateway/call";
import { parseJson } from "@/server/gateway/dispatch";
import type { Endpoint, Reply } from "@/server/gateway/endpoint";
import { callHeaders } from "@/server/gateway/headers";
import { withModel } from "@/server/gateway/narrow";
import { changed, planCall } from "@/server/gateway/plan";
import { readBody } from "@/server/gateway/read-body";
import { keeping, recalled, recallOf } from "@/server/gateway/recall";
import { type Stage, targetsOf } from "@/server/gateway/resolve";
import { serve } from "@/server/gateway/serve";
import { costOfCall, settle } from "@/server/gateway/settle";
import { changesFor } from "@/server/gateway/stage-changes";
import { upstreamError } from "@/server/gateway/upstream-error";
import { usdText } from "@/server/money";
import { readAll } from "@/server/outbound/client";
import type { Encoded, Operation, ProviderType } from "@/server/providers/provider";
import { providerType } from "@/server/providers/registry";
import { priceAt } from "@/server/state/catalog";
import { openaiError, statusInError } from "@/server/wire/error";
import { isRecord } from "@/server/wire/json";
import { noUsage, type Usage } from "@/server/wire/usage";

const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** What makes one operation with a whole JSON answer different from the others. */
export type JsonCall<Request, Response> = {
  readonly operation: OperationName;
  readonly schema: ZodType<Request>;
  /** How a provider type does it; undefined where it does not. */
  readonly of: (type: ProviderType) => Operation<Request, Response> | undefined;
  /** Ends the sentence "The model … does not do". */
  readonly does: string;
  /** What was used where the vendor does not say; absent where such a call costs nothing. */
  readonly estimate?: (request: Request) => Usage;
  /** The caller's body. Throws `upstream_garbled` for an answer that does not fit the request. */
  readonly view: (response: Response, about: Answered<Request>) => object;
  /** Whether the vendor's body is what `view` would make of it, so that its bytes go to the caller untouched. */
  readonly isView?: (body: unknown, answer: { readonly response: Response; readonly request: Request }) => boolean;
};

export type Answered<Request> = {
  readonly request: Request;
  /** As the vendor said it. */
  readonly usage: Usage | undefined;
  readonly call: Call;
};

/** The form in which these operations say errors. */
const dialect: Dialect = { id: "openai", errorBody: openaiError };

/** The endpoint of an operation whose answer is one JSON body. */
export function jsonEndpoint<Request extends { readonly model: string }, Response>(
  kind: JsonCall<Request, Response>,
): Endpoint {
  return (inbound) =>
    serve(begin(inbound, kind.operation, dialect), async (call) => {
      const authenticating = authenticate(inbound);
      const caller = authenticating instanceof Promise ? await authenticating : authenticating;
      call.caller = caller;
      const { bytes, value } = await readBody(inbound, kind.schema, withModel);
      call.requestBytes = bytes.length;
      call.model = value.model;
      const body = { ...value };
      call.asked = { bytes, body };
      const planning = planCall(call, { caller, bytes, body });
      const { stages: planned, changes } = planning instanceof Promise ? await planning : planning;
      const request = changes ? kind.schema.parse(changed(body, changes)) : value;
      const stages = able(call, planned, kind);
      // The model that was named first may be none that does this.
      call.model = stages[0]?.asked ?? call.model;
      const targets = targetsOf(stages);
      const admitting = admit(call, caller, { bytes, body: { ...request }, targets, stages });
      if (admitting) await admitting;
      const sent = changes ? Buffer.from(JSON.stringify(request)) : bytes;
      const recall = recallOf(call, caller, { stages, bytes: sent });
      const known = recall && (await recalled(call, recall));
      if (known) return known;
      const reply = await attempt(call, stages, {
        prepare: (candidate, target) => {
          const operation = kind.of(candidate);
          if (!operation) throw unable(call, kind.does);
          const own = changesFor(stages, call.target);
          const asked = own ? kind.schema.parse(changed({ ...request }, own)) : request;
          return { ...operation.encode(asked, target), operation, asked };
        },
        deliver: async ({ type, prepared, response }) => {
          const received = await readAll(response, MAX_ANSWER_BYTES);
          return answer(call, { kind, type, prepared, bytes: received });
        },
      });
      return recall ? keeping(call, recall, reply) : reply;
    });
}

/** The targets whose provider type has the operation. Throws `invalid_request` when none has. */
export function able<Request, Response>(
  call: Call,
  stages: readonly Stage[],
  kind: Pick<JsonCall<Request, Response>, "of" | "does">,
): readonly Stage[] {
  const has = ({ provider }: CallTarget): boolean => {
    const type = providerType(provider.type);
    return type !== undefined && kind.of(type) !== undefined;
  };
  const left = stages
    .map((stage) => ({ ...stage, targets: stage.targets.filter(has) }))
    .filter(({ targets }) => targets.length > 0);
  if (left.length === 0) throw unable(call, kind.does);
  return left;
}

function unable(call: Call, does: string): GatewayError {
  return new GatewayError("invalid_request", `The model '${call.model}' does not do ${does}.`, { param: "model" });
}

type Received<Request, Response> = {
  readonly kind: JsonCall<Request, Response>;
  readonly type: ProviderType;
  readonly prepared: Encoded & { readonly operation: Operation<Request, Response>; readonly asked: Request };
  readonly bytes: Buffer;
};

async function answer<Request, Response>(call: Call, received: Received<Request, Response>): Promise<Reply> {
  const { kind, type, prepared, bytes } = received;
  const { asked: request } = prepared;
  const body = parseJson(bytes);
  // Some vendors send an error with status 200.
  if (isRecord(body) && isRecord(body.error))
    throw upstreamError(type.classify(statusInError(body.error) ?? 500, body));
  const context = { ...decodeContext(call), id: call.id };
  const { response, usage } = prepared.operation.decode(body, { request, context });
  const made = kind.isView?.(body, { response, request })
    ? bytes
    : JSON.stringify(kind.view(response, { request, usage, call }));
  // Only now: an answer that the caller does not get costs nothing.
  call.usage = usage;
  if (!usage) call.estimate = kind.estimate?.(request);
  // A price for each call holds also where nothing is counted.
  if (!usage && !call.estimate && isPriced(call)) call.estimate = noUsage;
  const cost = costOfCall(call);
  const settling = settle(call, 200);
  if (settling) await settling;
  const headers = callHeaders(call);
  headers["content-type"] = "application/json";
  if (cost) headers["x-conduit-cost-usd"] = usdText(cost.nano);
  return { status: 200, headers, body: made };
}

function isPriced({ target, startedAtMs }: Call): boolean {
  return target?.deployment !== undefined && priceAt(target.deployment, startedAtMs) !== undefined;
}
