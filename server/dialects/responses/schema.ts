import { z } from "zod";
import type { Asked, JsonObject } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";

/**
 * What the gateway reads of a request for a response; everything else passes.
 * Source: OpenAI API reference, "Create a model response".
 */
export const ResponsesRequest = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.looseObject({}))]).nullish(),
  instructions: z.string().nullish(),
  previous_response_id: z.string().min(1).nullish(),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  text: z.looseObject({ format: z.looseObject({ type: z.string() }).nullish() }).nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
  include: z.array(z.string()).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type ResponsesRequest = z.infer<typeof ResponsesRequest>;

/**
 * Which model, and whether as a stream. Refuses what no target may be given: an answer made in the background would be produced
 * after its call was paid for, and a conversation belongs to the vendor's account, which many callers share.
 */
export function readAsked(body: JsonObject): Asked {
  if (body.background === true) throw refused("background", "Responses in the background are not supported here.");
  if (body.conversation !== undefined && body.conversation !== null)
    throw refused("conversation", "Conversations are not supported here. Continue with 'previous_response_id'.");
  return { model: String(body.model), stream: body.stream === true };
}

/** A refusal that names the field at fault. */
export function refused(param: string, message: string): GatewayError {
  return new GatewayError("invalid_request", message, { param });
}
