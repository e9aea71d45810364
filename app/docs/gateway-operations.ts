import type { Operation } from "./operation";
import type { Field, Shape } from "./shape";

type Described = Pick<Operation, "method" | "path" | "summary"> &
  Partial<Pick<Operation, "about" | "key" | "parameters" | "example" | "answerNote">> & { body?: readonly Field[] };

function field(name: string, type: string, note = ""): Field {
  return { name, type, note, required: false, fields: [] };
}

function required(name: string, type: string, note = ""): Field {
  return { ...field(name, type, note), required: true };
}

const model = required("model", "string", "a name from /v1/models, or provider/model");
const messages = [{ role: "user", content: "Hello!" }];
const pathId = { ...required("id", "string"), in: "path" };

const text: readonly Described[] = [
  {
    method: "POST",
    path: "/v1/chat/completions",
    summary: "Chat, in the API of OpenAI.",
    about:
      "Fields that the gateway does not know reach providers of the same API untouched. What a provider cannot express is left out and named in x-conduit-dropped.",
    body: [
      model,
      required("messages", "array of object"),
      field("stream", "boolean", "server-sent events instead of one answer"),
      field("max_completion_tokens", "integer", "bounds the answer, and what is reserved for it"),
      field("tools", "array of object"),
      field("response_format", "object", "such as a JSON schema"),
      field("reasoning_effort", "string"),
    ],
    example: { model: "demo", messages, stream: false },
  },
  {
    method: "POST",
    path: "/v1/responses",
    summary: "Responses, in OpenAI's newer API.",
    about: "Kept for 30 days unless store is false, so that previous_response_id continues them with any provider.",
    body: [
      model,
      required("input", "string or array of object"),
      field("instructions", "string"),
      field("stream", "boolean"),
      field("store", "boolean"),
      field("previous_response_id", "string"),
    ],
    example: { model: "demo", input: "Hello!" },
  },
  {
    method: "GET",
    path: "/v1/responses/{id}",
    summary: "Read a kept response; its input is at /v1/responses/{id}/input_items.",
    parameters: [pathId],
  },
  {
    method: "DELETE",
    path: "/v1/responses/{id}",
    summary: "Forget a kept response.",
    parameters: [pathId],
  },
  {
    method: "POST",
    path: "/v1/responses/{id}/cancel",
    summary: "Stop a response that is made in the background.",
    parameters: [pathId],
  },
  {
    method: "POST",
    path: "/v1/messages",
    summary: "Messages, in the API of Anthropic.",
    about: "The key goes into x-api-key or Authorization. Every model can be asked this way, whoever serves it.",
    body: [
      model,
      required("messages", "array of object"),
      required("max_tokens", "integer"),
      field("system", "string or array of object"),
      field("stream", "boolean"),
      field("tools", "array of object"),
      field("thinking", "object"),
    ],
    example: { model: "demo", max_tokens: 256, messages },
  },
  {
    method: "POST",
    path: "/v1/messages/count_tokens",
    summary: "Count the tokens of a Messages request.",
    body: [model, required("messages", "array of object")],
    example: { model: "demo", messages },
  },
  {
    method: "POST",
    path: "/v1beta/models/{id}",
    summary: "Content, in the API of Gemini.",
    about: "The id is followed by :generateContent, :streamGenerateContent or :countTokens. The same works below /v1.",
    parameters: [{ ...pathId, note: "such as demo:generateContent" }],
    body: [
      required("contents", "array of object"),
      field("generationConfig", "object"),
      field("tools", "array of object"),
    ],
    example: { contents: [{ role: "user", parts: [{ text: "Hello!" }] }] },
  },
  {
    method: "POST",
    path: "/v1/completions",
    summary: "Text completions, in OpenAI's older API.",
    body: [model, required("prompt", "string or array"), field("stream", "boolean"), field("max_tokens", "integer")],
    example: { model: "demo", prompt: "Once upon a time" },
  },
];

const vectors: readonly Described[] = [
  {
    method: "POST",
    path: "/v1/embeddings",
    summary: "Embeddings, in the API of OpenAI.",
    body: [
      model,
      required("input", "string or array"),
      field("dimensions", "integer"),
      field("encoding_format", '"float" or "base64"'),
    ],
    example: { model: "an-embedding-model", input: ["First text", "Second text"] },
  },
  {
    method: "POST",
    path: "/v1/rerank",
    summary: "Order documents by how well they fit a query.",
    body: [
      model,
      required("query", "string"),
      required("documents", "array of string or object"),
      field("top_n", "integer"),
      field("return_documents", "boolean"),
    ],
    example: { model: "a-reranking-model", query: "Capital of Austria", documents: ["Vienna", "Graz"] },
  },
  {
    method: "POST",
    path: "/v1/moderations",
    summary: "Classify texts, in the API of OpenAI.",
    body: [model, required("input", "string or array")],
    example: { model: "a-moderation-model", input: "Some text" },
  },
];

const looking: readonly Described[] = [
  { method: "GET", path: "/v1/models", summary: "List the models that the key may use." },
  {
    method: "GET",
    path: "/v1/models/{id}",
    summary: "Read one model. Clients of Gemini's API get its form.",
    parameters: [pathId],
  },
  { method: "GET", path: "/v1beta/models", summary: "List the models, in the form of Gemini's API." },
  {
    method: "GET",
    path: "/v1beta/models/{id}",
    summary: "Read one model, in the form of Gemini's API.",
    parameters: [pathId],
  },
  {
    method: "GET",
    path: "/v1/discovery/models",
    summary: "List the models that are known to have capabilities.",
    parameters: [{ ...field("capability", "string", "one or more, with commas"), in: "query" }],
  },
  { method: "GET", path: "/v1/discovery/capabilities", summary: "List the capabilities that can be asked for." },
  { method: "GET", path: "/v1/key", summary: "Read what the calling key may do, has spent and has left." },
];

const running: readonly Described[] = [
  { method: "GET", path: "/health/live", key: "none", summary: "Whether the process runs." },
  { method: "GET", path: "/health/ready", key: "none", summary: "Whether it can answer calls, and what is away." },
  { method: "GET", path: "/metrics", key: "backend", summary: "Metrics for Prometheus, in its text format." },
];

const groups: readonly (readonly [string, readonly Described[]])[] = [
  ["Text", text],
  ["Vectors and classification", vectors],
  ["Models and keys", looking],
  ["Operation", running],
];

/** What the gateway itself answers, by hand: its requests are the vendors' formats, which their own references describe in full. */
export const gatewayOperations: readonly Operation[] = groups.flatMap(([group, list]) =>
  list.map(({ body, parameters = [], key = "virtual", ...rest }) => ({
    id: idOf(rest.method, rest.path),
    group,
    key,
    parameters,
    body: body && shapeOfBody(body),
    answer: undefined,
    ...rest,
  })),
);

function shapeOfBody(fields: readonly Field[]): Shape {
  return { type: "object", note: "", fields };
}

function idOf(method: string, path: string): string {
  return `${method}${path}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/-$/, "");
}

/** Headers that a request to `/v1` may have. */
export const requestHeaders: readonly Field[] = [
  field("x-request-id", "string", "names the call in the answer, the log and the ledger"),
  field("x-conduit-route", "string", "narrows the targets to a provider, a tag or a region"),
  field("x-conduit-cache", '"on", "off" or "refresh"', "whether the same request may be answered from memory"),
  field("x-conduit-cache-ttl", "seconds", "how long the answer is kept"),
  field("x-conduit-strict", '"true"', "refuses what the provider cannot express, instead of leaving it out"),
];

/** Headers that an answer of `/v1` may have. */
export const answerHeaders: readonly Field[] = [
  field("x-request-id", "string"),
  field("x-conduit-provider", "string", "who answered"),
  field("x-conduit-model", "string", "the provider's own name of the model"),
  field("x-conduit-attempts", "integer"),
  field("x-conduit-cost-usd", "number", "of answers that are not streamed; absent when no price is known"),
  field("x-conduit-cache", '"hit" or "miss"', "where the answer may be kept"),
  field("x-conduit-dropped", "string", "request fields that the provider could not express"),
  field("x-ratelimit-limit-requests", "integer", "with -remaining-requests, -reset-requests and the same for tokens"),
  field("retry-after", "seconds", "of a 429 or 503"),
  field("x-should-retry", '"true" or "false"', "read by the official clients"),
];
