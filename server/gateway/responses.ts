import { responses } from "@/server/dialects/responses";
import { textEndpoint } from "@/server/gateway/text-call";

/** `POST /v1/responses`. Source: OpenAI API reference, "Create a model response". */
export const createResponse = textEndpoint(responses);
