import { completions } from "@/server/dialects/completions";
import { textEndpoint } from "@/server/gateway/text-call";

/** `POST /v1/completions`. Source: OpenAI API reference, "Create completion". */
export const createCompletion = textEndpoint(completions);
