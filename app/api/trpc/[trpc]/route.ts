import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { contextOf } from "@/server/api/context";
import { appRouter } from "@/server/api/root";
import { boot } from "@/server/boot";

const handler = (request: Request): Promise<Response> =>
  fetchRequestHandler({
    endpoint: "/api/trpc",
    req: request,
    router: appRouter,
    createContext: async () => {
      await boot();
      return contextOf(request);
    },
    responseMeta: () => ({ headers: { "cache-control": "no-store" } }),
  });

export { handler as GET, handler as POST };
