import { TRPCError } from "@trpc/server";
import { z } from "zod";
import { type GatewayError, isGatewayError } from "@/server/errors";
import { log } from "@/server/log";

/** Carries the input field that a refusal is about to the form that shows it. */
class FieldError extends Error {
  override readonly name = "FieldError";
  constructor(
    message: string,
    readonly field: string,
  ) {
    super(message);
  }
}

/** The request contradicts what is stored; `field` is the input at fault. */
export function conflict(message: string, field?: string): TRPCError {
  return refusal("CONFLICT", message, field);
}

/** The input is well-formed and still cannot be taken; `field` is the one at fault. */
export function badInput(message: string, field: string): TRPCError {
  return refusal("BAD_REQUEST", message, field);
}

/** Nothing of this noun has the id. */
export function notFound(noun: string, field?: string): TRPCError {
  return refusal("NOT_FOUND", `There is no such ${noun}.`, field);
}

/** Refuses to touch what conduit.json declares: the next start would undo it. */
export function refuseManaged(noun: string, row: { name?: string; managed: boolean }): void {
  if (!row.managed) return;
  const what = row.name === undefined ? `This ${noun}` : `The ${noun} "${row.name}"`;
  throw conflict(`${what} is managed by conduit.json. Change it in that file.`);
}

function refusal(
  code: "CONFLICT" | "BAD_REQUEST" | "NOT_FOUND",
  message: string,
  field: string | undefined,
): TRPCError {
  return new TRPCError({ code, message, ...(field !== undefined && { cause: new FieldError(message, field) }) });
}

const KnownRequestError = z.object({
  name: z.literal("PrismaClientKnownRequestError"),
  code: z.string(),
  meta: z.unknown(),
});

const UniqueViolation = z.object({
  driverAdapterError: z.object({ cause: z.object({ constraint: z.object({ fields: z.array(z.string()).min(1) }) }) }),
});

/** Postgres or its driver is not there: connection refused, reset, timed out or shutting down. */
const UNREACHABLE = new Set(["P1000", "P1001", "P1002", "P1008", "P1017", "P2024", "ECONNREFUSED", "ECONNRESET"]);

/** What a procedure threw as an error that may be shown; what nobody foresaw is logged and becomes a generic one. */
export function explained(error: TRPCError): TRPCError {
  if (error.code !== "INTERNAL_SERVER_ERROR") return error;
  if (isGatewayError(error.cause)) return fromGatewayError(error.cause);
  const known = KnownRequestError.safeParse(error.cause);
  const code = known.success ? known.data.code : undefined;
  if (code === "P2002") return taken(known.data?.meta);
  if (code === "P2003") return conflict("It is still in use, or something it refers to was just deleted.");
  if (code === "P2025") return notFound("object");
  if (code === "P2034") return conflict("Someone else changed this at the same time. Try again.");
  log.error({ err: error.cause ?? error }, "An admin request failed.");
  if (code !== undefined && UNREACHABLE.has(code)) {
    return new TRPCError({ code: "SERVICE_UNAVAILABLE", message: "The database does not answer. Try again." });
  }
  return new TRPCError({ code: "INTERNAL_SERVER_ERROR", message: "Something went wrong. The server's log says what." });
}

/** Of several columns that are unique together, the last is the name and the others say whose. */
function taken(meta: unknown): TRPCError {
  const column = UniqueViolation.safeParse(meta).data?.driverAdapterError.cause.constraint.fields.at(-1) ?? "name";
  const field = column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return conflict(`Another one has this ${column.replaceAll("_", " ")} already.`, field);
}

function fromGatewayError(error: GatewayError): TRPCError {
  if (error.kind === "invalid_request") return refusal("BAD_REQUEST", error.message, error.param ?? undefined);
  if (error.kind === "not_found") return refusal("NOT_FOUND", error.message, error.param ?? undefined);
  const code = error.kind === "store_unavailable" ? "SERVICE_UNAVAILABLE" : "BAD_GATEWAY";
  return new TRPCError({ code, message: error.message });
}

export type Problem = {
  message: string;
  /** The first input field at fault, as `keys.0.name`; null when none is. */
  field: string | null;
  /** Every input field at fault with what is wrong with it. */
  fieldErrors: Record<string, string[]>;
};

/** An error as a form or a REST caller needs it. */
export function problemOf(error: TRPCError): Problem {
  const { cause } = error;
  if (cause instanceof z.ZodError) return problemOfInput(cause);
  if (!(cause instanceof FieldError)) return { message: error.message, field: null, fieldErrors: {} };
  return { message: error.message, field: cause.field, fieldErrors: { [cause.field]: [cause.message] } };
}

function problemOfInput(error: z.ZodError): Problem {
  const issues = error.issues.map((issue) => ({ field: pathOf(issue), message: issue.message }));
  const byField = Map.groupBy(issues, (issue) => issue.field);
  const fieldErrors = Object.fromEntries(
    [...byField].map(([field, list]) => [field, list.map((issue) => issue.message)]),
  );
  const message = issues
    .map((issue) => (issue.field === "" ? issue.message : `${issue.field}: ${issue.message}`))
    .join(" ");
  return { message, field: issues[0]?.field || null, fieldErrors };
}

function pathOf(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String);
  return (issue.code === "unrecognized_keys" ? [...path, ...issue.keys.slice(0, 1)] : path).join(".");
}
