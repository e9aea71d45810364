import { GatewayError } from "@/server/errors";
import type { Endpoint, Inbound } from "@/server/gateway/endpoint";
import { look } from "@/server/gateway/look";
import { listed } from "@/server/gateway/responses-items";
import { askKeeper } from "@/server/gateway/responses-vendor";
import type { Caller } from "@/server/state/callers";
import {
  deleteResponse,
  findResponse,
  type ResponseContent,
  readResponse,
  type StoredResponse,
} from "@/server/state/stored-responses";

/** `GET /v1/responses/{id}` and `GET /v1/responses/{id}/input_items`. Source: OpenAI API reference, "Responses". */
export const getStored: Endpoint = (inbound) =>
  look(inbound, async (caller) => {
    const { id, below } = partsOf(inbound);
    if (below !== undefined && below !== "input_items") throw unknownPath(inbound);
    const query = new URLSearchParams(inbound.query);
    if (query.get("stream") === "true")
      throw new GatewayError("invalid_request", "A stored response cannot be streamed again.", { param: "stream" });
    const stored = await seen(caller, id);
    if (stored.native) {
      return askKeeper(stored, inbound, { method: "GET", ...(below !== undefined && { below: `/${below}` }) });
    }
    const content = await contentOf(caller, id);
    return below === undefined ? { ...content.body, output: content.output } : listed(content.input, query);
  });

/** `DELETE /v1/responses/{id}`: forgets it here, and at the vendor where one keeps it. */
export const deleteStored: Endpoint = (inbound) =>
  look(inbound, async (caller) => {
    const { id, below } = partsOf(inbound);
    if (below !== undefined) throw unknownPath(inbound);
    const stored = await seen(caller, id);
    if (stored.native) await forgetAtKeeper(stored, inbound);
    await deleteResponse(caller, id);
    return { id, object: "response", deleted: true };
  });

/** `POST /v1/responses/{id}/cancel`: only what is made in the background can be, and only a vendor does that. */
export const cancelStored: Endpoint = (inbound) =>
  look(inbound, async (caller) => {
    const { id, below } = partsOf(inbound);
    if (below !== "cancel") throw unknownPath(inbound);
    const stored = await seen(caller, id);
    if (stored.native) return askKeeper(stored, inbound, { method: "POST", below: "/cancel" });
    throw new GatewayError("invalid_request", "Cannot cancel a synchronous response.", { param: "response_id" });
  });

function partsOf({ params }: Inbound): { id: string; below: string | undefined } {
  const path = params.path ?? "";
  const slash = path.indexOf("/");
  return slash === -1 ? { id: path, below: undefined } : { id: path.slice(0, slash), below: path.slice(slash + 1) };
}

async function seen(caller: Caller, id: string): Promise<StoredResponse> {
  const stored = await findResponse(caller, id);
  if (!stored) throw missing(id);
  return stored;
}

async function contentOf(caller: Caller, id: string): Promise<ResponseContent> {
  const content = await readResponse(caller, id);
  if (!content) throw missing(id);
  return content;
}

/** What the vendor no longer has is forgotten. */
async function forgetAtKeeper(stored: StoredResponse, inbound: Inbound): Promise<void> {
  try {
    await askKeeper(stored, inbound, { method: "DELETE" });
  } catch (error) {
    if (!(error instanceof GatewayError) || error.status !== 404) throw error;
  }
}

function missing(id: string): GatewayError {
  return new GatewayError("not_found", `Response with id '${id}' not found.`, { param: "response_id" });
}

function unknownPath({ method, path }: Inbound): GatewayError {
  return new GatewayError("not_found", `Unknown request URL: ${method} ${path}.`, { code: "unknown_url" });
}
