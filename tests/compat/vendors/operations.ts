import { isRecord, listOf } from "@/server/wire/json";
import { halves } from "@/tests/compat/vendors/vendor";
import { json, openAiEvents, type Scenario, stream } from "@/tests/support/upstream";

/** What the vendors answer to requests that are not for text, by path; each answer follows from what was sent. */
export const operations: Readonly<Record<string, Scenario>> = {
  "/openai/v1/embeddings": answering((body) => ({
    object: "list",
    data: inputs(body.input).map((text, index) => ({ object: "embedding", index, embedding: vector(text, body) })),
    model: "text-embedding-3-small",
    usage: { prompt_tokens: 4, total_tokens: 4 },
  })),
  "/gemini/v1beta/models/gemini-3-pro-preview:batchEmbedContents": answering((body) => ({
    embeddings: listOf(body.requests).map((one) => ({ values: numbers(JSON.stringify(one).length) })),
  })),
  "/openai/v1/moderations": answering((body) => ({
    id: "modr-1",
    model: "omni-moderation-latest",
    results: inputs(body.input).map((text) => moderated(text.includes("kill"))),
  })),
  "/anthropic/v1/messages/count_tokens": answering((body) => ({ input_tokens: JSON.stringify(body.messages).length })),
  "/gemini/v1beta/models/gemini-3-pro-preview:countTokens": answering((body) => ({
    totalTokens: JSON.stringify(body).length,
  })),
  "/openai/v1/completions": completions(),
  "/like/v1/completions": completions(),
};

/** Completions whole or streamed. */
function completions(): Scenario {
  const about = { id: "cmpl-1", object: "text_completion", created: 1_790_000_000, model: "gpt-3.5-turbo-instruct" };
  const choice = (text: string, finish: string | null) => ({ text, index: 0, logprobs: null, finish_reason: finish });
  const usage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 };
  return (request, response) => {
    const body = JSON.parse(request.body.toString());
    const text = `You said: ${body.prompt}`;
    if (body.stream !== true) return json({ ...about, choices: [choice(text, "stop")], usage })(request, response);
    const pieces = [...halves(text).map((half) => choice(half, null)), choice("", "stop")];
    const events = [...pieces.map((piece) => ({ ...about, choices: [piece] })), { ...about, choices: [], usage }];
    return stream(openAiEvents(events), { split: [50, 7] })(request, response);
  };
}

function answering(answer: (body: Record<string, unknown>) => object): Scenario {
  return (request, response) => {
    const body: unknown = JSON.parse(request.body.toString());
    return json(answer(isRecord(body) ? body : {}))(request, response);
  };
}

function inputs(input: unknown): string[] {
  return Array.isArray(input) ? input.map(String) : [String(input)];
}

/** Numbers that tell texts apart, in the form that was asked for. */
function vector(text: string, { encoding_format }: Record<string, unknown>): number[] | string {
  const values = numbers(text.length);
  if (encoding_format !== "base64") return values;
  return Buffer.from(Float32Array.from(values).buffer).toString("base64");
}

function numbers(length: number): number[] {
  return [length, 0.5, -0.25];
}

const CATEGORIES = [
  ...["hate", "hate/threatening", "harassment", "harassment/threatening", "illicit", "illicit/violent", "self-harm"],
  ...["self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic"],
];

function moderated(flagged: boolean): object {
  const each = <T>(of: (name: string) => T) => Object.fromEntries(CATEGORIES.map((name) => [name, of(name)]));
  const hit = (name: string) => flagged && name === "violence";
  return {
    flagged,
    categories: each(hit),
    category_scores: each((name) => (hit(name) ? 0.9 : 0.01)),
    category_applied_input_types: each(() => ["text"]),
  };
}
