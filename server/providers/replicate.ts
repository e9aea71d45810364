import { GatewayError, isGatewayError } from "@/server/errors";
import { lostFields } from "@/server/providers/lost-fields";
import { bearer, classifyOpenAi, modelsAt } from "@/server/providers/openai-like";
import { post } from "@/server/providers/openai-operations";
import type {
  DecodeContext,
  Encoded,
  ProviderType,
  StreamPiece,
  Target,
  TranslatedChat,
} from "@/server/providers/provider";
import { conversation } from "@/server/providers/replicate-prompt";
import type { ChatRequest } from "@/server/wire/chat";
import { countOf, isRecord, textOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";
import { noUsage, type Usage } from "@/server/wire/usage";

/** Replicate waits so long for an answer, and no longer. */
const WAIT_SECONDS = 60;

/** What models call the same thing depends on who made them. Source: the input schemas of Replicate's official language models. */
type Inputs = { readonly most: string; readonly system?: string; readonly images?: string; readonly effort?: boolean };
const FAMILIES: Readonly<Record<string, Inputs>> = {
  openai: { most: "max_completion_tokens", system: "system_prompt", images: "image_input", effort: true },
  google: { most: "max_output_tokens", system: "system_instruction", images: "images" },
  anthropic: { most: "max_tokens", system: "system_prompt", images: "image" },
  "deepseek-ai": { most: "max_tokens" },
};
const OTHERS: Inputs = { most: "max_tokens", system: "system_prompt" };

const SAME = ["temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "seed"];
const READ = new Set([...SAME, "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens"]);

const READ_WITH_EFFORT = new Set([...READ, "reasoning_effort"]);

function encode(request: ChatRequest, target: Target): Encoded {
  const inputs = FAMILIES[target.model.split("/")[0] ?? ""] ?? OTHERS;
  const dropped = lostFields(request, inputs.effort ? READ_WITH_EFFORT : READ);
  const input: Record<string, unknown> = isRecord(target.options.input) ? { ...target.options.input } : {};
  for (const name of SAME) if ((request[name] ?? undefined) !== undefined) input[name] = request[name];
  const most = request.max_completion_tokens ?? request.max_tokens ?? undefined;
  if (most !== undefined) input[inputs.most] = most;
  if (inputs.effort && typeof request.reasoning_effort === "string") input.reasoning_effort = request.reasoning_effort;
  const { prompt, system, images } = conversation(request, { system: inputs.system !== undefined });
  input.prompt = prompt;
  if (inputs.system && system !== undefined) input[inputs.system] = system;
  if (images.length > 0) Object.assign(input, imagesAs(inputs.images, images));
  const { url, body } = endpointOf(target, input);
  const { headers, ...rest } = post(url, target, body);
  return { request: { ...rest, headers: { ...headers, prefer: `wait=${WAIT_SECONDS}` } }, dropped };
}

/** Models that take one image take it as `image`. */
function imagesAs(name: string | undefined, images: readonly string[]): Record<string, unknown> {
  const refused = (what: string) => new GatewayError("invalid_request", what, { param: "messages" });
  if (name === undefined) throw refused("This model's provider cannot be given images.");
  if (name !== "image") return { [name]: images };
  if (images.length > 1) throw refused("This model's provider takes one image.");
  return { image: images[0] };
}

/** `owner/name` is a model, `owner/name:version` or a version one of its versions, `deployments/owner/name` a deployment. */
function endpointOf({ baseUrl, model }: Target, input: object): { url: string; body: object } {
  const version = /^(?:[^:]+:)?([0-9a-f]{64})$/.exec(model)?.[1];
  if (version) return { url: `${baseUrl}/predictions`, body: { version, input } };
  const path = model.split("/").map(encodeURIComponent).join("/");
  const below = model.startsWith("deployments/") ? path : `models/${path}`;
  return { url: `${baseUrl}/${below}/predictions`, body: { input } };
}

function decode(body: unknown, context: DecodeContext): ReturnType<TranslatedChat["decode"]> {
  const { text, id, model } = answerOf(body);
  const message = { role: "assistant" as const, content: text, refusal: null };
  return {
    completion: {
      id: id ?? context.id,
      object: "chat.completion",
      created: context.created,
      model: model ?? "",
      choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
    },
    usage: usageOf(body),
  };
}

/** The whole answer as a stream of one piece: a true one needs a second request, to an address that the first one's answer gives. */
function decodeStream(context: DecodeContext): (event: ServerSentEvent) => readonly StreamPiece[] {
  return ({ data }) => {
    try {
      const { completion, usage } = decode(JSON.parse(data), context);
      const { id, created, model, choices } = completion;
      const delta = { role: "assistant" as const, content: choices[0]?.message.content ?? "" };
      const choice = { index: 0, delta, finish_reason: "stop" as const };
      return [
        { kind: "chunk", chunk: { id, object: "chat.completion.chunk", created, model, choices: [choice] } },
        ...(usage ? [{ kind: "usage" as const, usage }] : []),
        { kind: "end" },
      ];
    } catch (error) {
      if (isGatewayError(error)) return [{ kind: "error", error: { kind: error.kind, message: error.message } }];
      if (!(error instanceof SyntaxError)) throw error;
      return [{ kind: "error", error: { kind: "upstream_garbled", message: "The provider's answer is not JSON." } }];
    }
  };
}

type Said = { readonly text: string; readonly id: string | undefined; readonly model: string | undefined };

function answerOf(body: unknown): Said {
  if (!isRecord(body) || typeof body.status !== "string")
    throw new GatewayError("upstream_garbled", "The provider's answer is no prediction.");
  if (body.status === "starting" || body.status === "processing")
    throw new GatewayError("upstream_timeout", `The provider had no answer after ${WAIT_SECONDS} seconds.`);
  if (body.status !== "succeeded") {
    const { message } = classifyOpenAi(500, { error: body.error });
    throw new GatewayError("upstream_unavailable", message ?? `The provider's prediction ended as ${body.status}.`);
  }
  const pieces = typeof body.output === "string" ? [body.output] : body.output;
  if (!Array.isArray(pieces) || !pieces.every((piece) => typeof piece === "string"))
    throw new GatewayError("upstream_garbled", "The provider's prediction holds no text.");
  const text = pieces.join("");
  return { text, id: textOf(body.id), model: textOf(body.model) };
}

function usageOf(body: unknown): Usage | undefined {
  const metrics = isRecord(body) && isRecord(body.metrics) ? body.metrics : {};
  const input = countOf(metrics.input_token_count) ?? countOf(metrics.token_input_count);
  const output = countOf(metrics.output_token_count) ?? countOf(metrics.token_output_count);
  if (input === undefined && output === undefined) return undefined;
  return { ...noUsage, input: input ?? 0, output: output ?? 0 };
}

/**
 * Replicate's language models, which take a prompt: turns become a transcript, tools cannot be offered, and an answer that takes
 * longer than a minute is an error. Source: replicate.com/docs/reference/http, "Create a prediction", "Sync mode".
 */
export const replicate: ProviderType = {
  id: "replicate",
  label: "Replicate",
  about: "Language models by prompt, answered whole within a minute. Option input: more of a model's inputs.",
  baseUrl: "https://api.replicate.com/v1",
  auth: bearer,
  keyOptional: false,
  chat: { kind: "translated", encode, decode, decodeStream, framing: "json-body" },
  listModels: modelsAt(
    ({ baseUrl }) => `${baseUrl}/collections/language-models`,
    (body) => {
      if (!isRecord(body) || !Array.isArray(body.models))
        throw new GatewayError("upstream_garbled", "The upstream's answer holds no list of models.");
      return body.models.flatMap((model: unknown) => {
        const [owner, name] = isRecord(model) ? [textOf(model.owner), textOf(model.name)] : [];
        return owner && name ? [{ id: `${owner}/${name}`, ownedBy: owner }] : [];
      });
    },
  ),
  classify: classifyOpenAi,
};
