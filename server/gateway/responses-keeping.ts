import type { JsonObject } from "@/server/dialects/dialect";
import type { Call } from "@/server/gateway/call";
import { type Continued, continueResponse } from "@/server/gateway/responses-continue";
import { keepResponse } from "@/server/gateway/responses-keep";
import type { Caller } from "@/server/state/callers";

/** What one call has to do with answers that are kept. */
export type Kept = {
  /** What it refers to of earlier answers. */
  readonly continued: Continued | undefined;
  /** Keeps the call's own answer for later calls; absent where the caller does not want that. It does not reject. */
  readonly keep:
    | ((answer: JsonObject, by: { readonly call: Call; readonly native: boolean }) => Promise<void>)
    | undefined;
};

/** Looks up what a request continues, and prepares to keep its answer. Throws `not_found` and `store_unavailable`. */
export type Keeping = (caller: Caller, request: JsonObject) => Promise<Kept>;

/** For OpenAI's responses. */
export const keepResponses: Keeping = async (caller, request) => ({
  continued: await continueResponse(caller, request),
  keep:
    request.store === false
      ? undefined
      : async (response, { call: { target }, native }) => {
          if (target) await keepResponse({ caller, target, request, response, native });
        },
});
