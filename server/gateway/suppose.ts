import { Cancel } from "@/server/cancel";
import { chat } from "@/server/dialects/chat";
import { completions } from "@/server/dialects/completions";
import type { JsonObject, TextDialect } from "@/server/dialects/dialect";
import { generateContent } from "@/server/dialects/gemini";
import { messages } from "@/server/dialects/messages";
import { responses } from "@/server/dialects/responses";
import { env } from "@/server/env";
import type { Asking as Admission } from "@/server/gateway/admit";
import { authenticate } from "@/server/gateway/authenticate";
import { begin, type Call } from "@/server/gateway/call";
import { promptTokens } from "@/server/gateway/eligible";
import { embeddingsCall } from "@/server/gateway/embeddings";
import type { Inbound } from "@/server/gateway/endpoint";
import { able } from "@/server/gateway/json-call";
import { withModel } from "@/server/gateway/narrow";
import { type Asking, changed, type Plan } from "@/server/gateway/plan";
import { readBody } from "@/server/gateway/read-body";
import { type Recall, recallOf } from "@/server/gateway/recall";
import { type Stage, targetsOf } from "@/server/gateway/resolve";
import { keepResponses } from "@/server/gateway/responses-keeping";
import { admissionOf, readText, recallText } from "@/server/gateway/text-call";
import { openaiError } from "@/server/wire/error";

const texts = { chat, completions, messages, responses, generateContent } as const;
const paths = {
  chat: "/v1/chat/completions",
  completions: "/v1/completions",
  messages: "/v1/messages",
  responses: "/v1/responses",
  embeddings: "/v1/embeddings",
} as const;

/** A request to look at: whose it would be, and what it would say. Of generateContent the body's `model` and `stream` stand for the path. */
export type Supposed = {
  readonly keyId: string;
  readonly dialect: keyof typeof texts | "embeddings";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
};

/** A call that is not made, as far as its endpoint would bring it before it is planned. */
export type Supposition = {
  readonly call: Call;
  readonly asking: Asking;
  /** What its endpoint does with its plan before it looks for an answer. Throws as that does. */
  readonly proceed: (plan: Plan) => Proceeding;
};

/** A planned call before its admission. */
type Proceeding = {
  readonly stages: readonly Stage[];
  readonly admission: Admission;
  readonly recall: Recall | undefined;
};

/** Reads a request as its endpoint would, and sends nothing. Throws as that does. */
export async function suppose(supposed: Supposed): Promise<Supposition> {
  const { dialect } = supposed;
  const inbound = inboundOf(supposed);
  return dialect === "embeddings" ? supposeEmbeddings(inbound) : supposeText(inbound, texts[dialect]);
}

async function supposeText(inbound: Inbound, dialect: TextDialect): Promise<Supposition> {
  const call = begin(inbound, "chat", dialect);
  const caller = await authenticate(inbound);
  call.caller = caller;
  const request = readText(call, inbound, { dialect, bytes: await inbound.body(env.maxBodyBytes) });
  if (dialect === responses) request.kept = await keepResponses(caller, request.body);
  call.asked = request;
  const proceed = ({ stages, changes }: Plan): Proceeding => {
    if (changes) request.change(changes);
    const recall = recallText(call, caller, { request, stages });
    call.requestTokens = promptTokens(request.bytes);
    return { stages, admission: admissionOf(request, stages), recall };
  };
  return { call, asking: { caller, bytes: request.bytes, body: request.body }, proceed };
}

async function supposeEmbeddings(inbound: Inbound): Promise<Supposition> {
  const { schema, operation } = embeddingsCall;
  const call = begin(inbound, operation, { id: "openai", errorBody: openaiError });
  const caller = await authenticate(inbound);
  call.caller = caller;
  const { bytes, value } = await readBody(inbound, schema, withModel);
  const body = { ...value };
  Object.assign(call, { model: value.model, requestBytes: bytes.length, asked: { bytes, body } });
  const proceed = ({ stages: planned, changes }: Plan): Proceeding => {
    const request = changes ? schema.parse(changed(body, changes)) : value;
    const stages = able(call, planned, embeddingsCall);
    call.model = stages[0]?.asked ?? call.model;
    const sent = changes ? Buffer.from(JSON.stringify(request)) : bytes;
    const recall = recallOf(call, caller, { stages, bytes: sent });
    call.requestTokens = promptTokens(sent);
    return { stages, admission: { bytes, body: { ...request }, targets: targetsOf(stages), stages }, recall };
  };
  return { call, asking: { caller, bytes, body }, proceed };
}

function inboundOf({ keyId, dialect, headers, body }: Supposed): Inbound {
  const small = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  const bytes = (value: JsonObject) => Promise.resolve(Buffer.from(JSON.stringify(value)));
  const usual = {
    method: "POST",
    query: "",
    headers: Object.fromEntries(small),
    ip: "",
    params: {},
    cancel: new Cancel(),
    actAsKeyId: keyId,
  };
  if (dialect !== "generateContent") return { ...usual, path: paths[dialect], body: () => bytes(body) };
  const { model, stream, ...rest } = body;
  const id = `${String(model ?? "")}:${stream === true ? "streamGenerateContent" : "generateContent"}`;
  return {
    ...{ ...usual, path: `/v1beta/models/${id}`, params: { id } },
    ...(stream === true && { query: "alt=sse" }),
    body: () => bytes(rest),
  };
}
