import { initTRPC, TRPCError } from "@trpc/server";
import superjson from "superjson";
import type { OpenApiMeta, OpenApiMethod } from "trpc-to-openapi";
import { explained, problemOf } from "@/server/api/errors";

/** Who acts: someone signed in to the dashboard, or a program with the backend key. */
type Actor = "admin" | "backend-key";

/** What is known of a request before a procedure runs. */
export type Context = {
  /** Null: neither a session nor the backend key. */
  readonly actor: Actor | null;
  /** Whether a browser vouches that one of our own pages sent it. */
  readonly sameOrigin: boolean;
  readonly ip: string | null;
};

const t = initTRPC
  .context<Context>()
  .meta<OpenApiMeta>()
  .create({
    transformer: superjson,
    // With it, tRPC would put stack traces into answers.
    isDev: false,
    errorFormatter: ({ shape, error }) => {
      const { message, field, fieldErrors } = problemOf(error);
      return { ...shape, message, data: { ...shape.data, field, fieldErrors } };
    },
  });

export const router = t.router;
export const callerFactory = t.createCallerFactory;

const explain = t.middleware(async ({ next }) => {
  const result = await next();
  if (!result.ok) throw explained(result.error);
  return result;
});

const gate = t.middleware(({ ctx, type, next }) => {
  const { actor } = ctx;
  if (!actor) throw new TRPCError({ code: "UNAUTHORIZED", message: "Sign in, or send the backend key." });
  // The session cookie travels with requests that other sites cause; a key does not.
  if (actor === "admin" && type !== "query" && !ctx.sameOrigin) {
    throw new TRPCError({ code: "FORBIDDEN", message: "Changes are taken from the dashboard's own pages only." });
  }
  return next({ ctx: { ...ctx, actor } });
});

/** The one kind of procedure there is: for the admin or the backend key, before its input is even read. */
export const adminProcedure = t.procedure.use(explain).use(gate);

/** A context that passed the gate. */
export type Admin = Context & { readonly actor: Actor };

/** Where the admin REST view offers a procedure, below `/api/admin`. */
export function rest(method: OpenApiMethod, path: `/${string}`, summary: string): OpenApiMeta {
  const [, tag = ""] = path.split("/");
  return { openapi: { method, path, summary, tags: [tag], protect: true } };
}
