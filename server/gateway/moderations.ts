import { jsonEndpoint } from "@/server/gateway/json-call";
import { isRecord } from "@/server/wire/json";
import { ModerationsRequest } from "@/server/wire/moderations";

/** `POST /v1/moderations`; a vendor that counts no tokens for it bills nothing. Source: OpenAI API reference, "Create moderation". */
export const moderations = jsonEndpoint({
  operation: "moderations",
  schema: ModerationsRequest,
  does: "moderations",
  of: (type) => type.moderations,
  view: (answer, { request }) => ({ ...answer, model: answer.model || request.model }),
  isView: (body, { response }) =>
    isRecord(body) && body.id === response.id && body.model === response.model && body.results === response.results,
});
