import { z } from "zod";
import { json, type Received, type Scenario, startUpstream } from "@/tests/support/upstream";

/** The vendor's credentials: what a browser may send once and never see again. */
export const vendorKeys = {
  right: "sk-vendor-right-4b7d91c2e6f0",
  wrong: "sk-vendor-wrong-18a3c5d7e9b2",
} as const;

/** What the vendor lists. */
export const vendorModels = ["acme-large-2", "acme-small-2", "acme-vision-1"] as const;

/** What the vendor counts for every call. */
export const usage = { input: 1200, output: 340 } as const;

const beginning = "The first half of the answer is on the screen";
const end = " and now the second half has come as well.";

/** What the vendor says to everything, in two halves. */
export const answer = { beginning, end, whole: beginning + end } as const;

/** A vendor that speaks OpenAI's API on a port of 127.0.0.1. */
export type Vendor = {
  /** With /v1. */
  readonly baseUrl: string;
  /** The newest request. */
  last(): Received;
  /** Streams stop after the first half of the answer until the returned function is called. */
  hold(): () => void;
  stop(): Promise<void>;
};

const Asked = z.looseObject({ model: z.string(), stream: z.boolean().default(false) });

/** Starts the vendor. */
export async function startVendor(): Promise<Vendor> {
  const upstream = await startUpstream();
  let gate: Promise<void> = Promise.resolve();
  upstream.on("/v1/models", (request, response) => {
    if (keyOf(request) !== vendorKeys.right) return refuse(request, response);
    const data = vendorModels.map((id) => ({ id, object: "model", created: 1_790_000_000, owned_by: "acme" }));
    return json({ object: "list", data })(request, response);
  });
  upstream.on("/v1/chat/completions", (request, response) => {
    if (keyOf(request) !== vendorKeys.right) return refuse(request, response);
    const asked = Asked.parse(JSON.parse(request.body.toString()));
    if (!asked.stream) return json(completion(asked.model))(request, response);
    return streamed(asked.model, gate)(request, response);
  });
  return {
    baseUrl: `${upstream.url}/v1`,
    last: upstream.last,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    stop: upstream.stop,
  };
}

function keyOf(request: Received): string | undefined {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
}

/** Vendors repeat the key that they refuse. */
const refuse: Scenario = (request, response) => {
  const message = `Incorrect API key provided: ${keyOf(request)}.`;
  return json(
    { error: { message, type: "invalid_request_error", param: null, code: "invalid_api_key" } },
    { status: 401 },
  )(request, response);
};

const tokens = {
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
};

function completion(model: string) {
  const message = { role: "assistant", content: answer.whole, refusal: null };
  return {
    id: "chatcmpl-e2e",
    object: "chat.completion",
    created: 1_790_000_000,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
    usage: tokens,
  };
}

function streamed(model: string, gate: Promise<void>): Scenario {
  const chunk = (more: object) =>
    `data: ${JSON.stringify({ id: "chatcmpl-e2e", object: "chat.completion.chunk", created: 1_790_000_000, model, ...more })}\n\n`;
  const delta = (content: string) => chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
  const words = (text: string) => text.split(/(?= )/).map(delta).join("");
  return async (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(words(answer.beginning));
    await gate;
    if (response.destroyed) return;
    response.write(words(answer.end));
    response.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }));
    response.end(`${chunk({ choices: [], usage: tokens })}data: [DONE]\n\n`);
  };
}
