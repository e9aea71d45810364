import { responses } from "@/server/dialects/responses";
import { keepResponses } from "@/server/gateway/responses-keeping";
import { textEndpoint } from "@/server/gateway/text-call";

/** `POST /v1/responses`. Source: OpenAI API reference, "Create a model response". */
export const createResponse = textEndpoint(responses, keepResponses);
