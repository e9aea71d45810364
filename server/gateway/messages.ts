import { messages } from "@/server/dialects/messages";
import { textEndpoint } from "@/server/gateway/text-call";

/** `POST /v1/messages`. Source: Anthropic API reference, "Create a Message". */
export const createMessage = textEndpoint(messages);
