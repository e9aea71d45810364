import { boot } from "@/server/boot";
import { routeHandler } from "@/server/http/route-handler";

const handler = async (request: Request): Promise<Response> => {
  await boot();
  return routeHandler(request);
};

/** What a `route.ts` below app/ exports for a path of the gateway; the gateway itself says which methods a path takes. */
export const gatewayRoute = {
  GET: handler,
  POST: handler,
  PUT: handler,
  PATCH: handler,
  DELETE: handler,
  OPTIONS: handler,
};
