import { z } from "zod";
import { contextOf } from "@/server/api/context";
import { boot } from "@/server/boot";
import { GatewayError } from "@/server/errors";
import { routeHandler } from "@/server/http/route-handler";
import { openaiError } from "@/server/wire/error";

const KeyId = z.uuid();

/**
 * `POST /api/playground/chat`: a chat call of the signed-in admin, made under the virtual key whose id is in
 * `x-conduit-key-id`. The browser never holds a key: the session stands for it, and the call is accounted to it.
 */
export async function POST(request: Request): Promise<Response> {
  await boot();
  const context = await contextOf(request);
  if (context.actor !== "admin" || !context.sameOrigin)
    return refused(new GatewayError("forbidden", "Sign in to the dashboard."));
  const keyId = KeyId.safeParse(request.headers.get("x-conduit-key-id"));
  if (!keyId.success)
    return refused(new GatewayError("invalid_request", "Choose a virtual key.", { param: "x-conduit-key-id" }));
  return routeHandler(request, { actAsKeyId: keyId.data, path: "/v1/chat/completions" });
}

function refused(error: GatewayError): Response {
  return Response.json(openaiError(error), { status: error.status });
}
