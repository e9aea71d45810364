import { responses } from "@/server/dialects/responses";
import { refused } from "@/server/dialects/responses/schema";
import { textEndpoint } from "@/server/gateway/text-call";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** `POST /v1/responses`. Source: OpenAI API reference, "Create a model response". */
export const createResponse = textEndpoint({
  ...responses,
  read: (body, located) => {
    // Vendors' accounts are shared: without a look at whose it is nobody may continue what lies there.
    if (textOf(body.previous_response_id)) throw refused("previous_response_id", "Responses are not continued yet.");
    if (
      listOf(body.input).some(
        (item) => isRecord(item) && (item.type === "item_reference" || (!item.type && !item.role)),
      )
    )
      throw refused("input", "References to items are not resolved yet.");
    return responses.read(body, located);
  },
});
