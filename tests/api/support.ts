import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TRPCError } from "@trpc/server";
import pg from "pg";
import { afterAll, beforeAll, expect } from "vitest";
import type { createCaller } from "@/server/api/root";
import type { Context } from "@/server/api/trpc";
import { testDatabase } from "@/tests/support/database";

/** The installation's secrets in these tests; none may ever be in an answer. */
export const secrets = {
  CONDUIT_API_TO_API_BACKEND_AUTH_KEY: "backend-key-of-the-api-tests-52c1",
  CONDUIT_ADMIN_LOGIN_PASSWORD: "admin-password-of-the-api-tests-e7",
  SESSION_SECRET: "session-secret-of-the-api-tests-90",
  CONDUIT_ENCRYPTION_KEY: "encryption-key-of-the-api-tests-3d",
} as const;

export const backendKey = secrets.CONDUIT_API_TO_API_BACKEND_AUTH_KEY;
export const adminIp = "198.51.100.7";

type Caller = ReturnType<typeof createCaller>;
type RestOptions = { body?: unknown; text?: string; headers?: Record<string, string> };
type AuditRow = {
  actor: string;
  action: string;
  noun: string;
  object_id: string;
  name: string;
  detail: unknown;
  ip: string;
};

export type Api = {
  /** Procedures as someone signed in, unless told otherwise. */
  as(context?: Partial<Context>): Caller;
  /** A request to the admin REST view with the backend key, unless `headers` say otherwise. */
  rest(method: string, path: string, options?: RestOptions): Promise<Response>;
  readonly sql: pg.Pool;
  /** Audit entries of one noun, oldest first. */
  audit(noun: string): Promise<AuditRow[]>;
};

/** Boots the app's state on a database of its own before the tests of this file and ends it after. */
export function testApi(): Api {
  let ready: Api | undefined;
  const stops: (() => unknown)[] = [];
  beforeAll(async () => {
    const database = await testDatabase();
    const dataDir = mkdtempSync(join(tmpdir(), "conduit-api-"));
    // The environment is read once, when the first module asks: so nothing of the server is imported before this.
    Object.assign(process.env, secrets, {
      DATABASE_URL: database.url,
      CONDUIT_DATA_DIR: dataDir,
      CONDUIT_LOG_LEVEL: "silent",
    });
    const { boot, shutDown } = await import("@/server/boot");
    const { createCaller: callerOf } = await import("@/server/api/root");
    const { restResponse } = await import("@/server/api/rest");
    const { prisma } = await import("@/server/db/prisma");
    await boot();
    const sql = new pg.Pool({ connectionString: database.url, max: 2 });
    stops.push(
      shutDown,
      () => prisma().$disconnect(),
      () => sql.end(),
      () => database.stop(),
      () => rmSync(dataDir, { recursive: true }),
    );
    ready = {
      sql,
      as: (context) => callerOf({ actor: "admin", sameOrigin: true, ip: adminIp, ...context }),
      rest: (method, path, { body, text, headers = { authorization: `Bearer ${backendKey}` } } = {}) => {
        const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
        const request = new Request(`http://localhost/api/admin${path}`, {
          method,
          headers: {
            ...(sent !== undefined && { "content-type": "application/json" }),
            "x-forwarded-for": "192.0.2.1",
            ...headers,
          },
          ...(sent !== undefined && { body: sent }),
        });
        return restResponse(request, "/api/admin");
      },
      audit: async (noun) => {
        const { rows } = await sql.query<AuditRow>(
          "SELECT * FROM audit_entry WHERE noun = $1 AND actor <> 'system' ORDER BY at, id",
          [noun],
        );
        return rows;
      },
    };
  });
  afterAll(async () => {
    for (const stop of stops) await stop();
  });
  const current = (): Api => {
    if (!ready) throw new Error("The API is used before its tests run.");
    return ready;
  };
  return {
    as: (context) => current().as(context),
    rest: (...request) => current().rest(...request),
    audit: (noun) => current().audit(noun),
    get sql() {
      return current().sql;
    },
  };
}

/** Expects a refusal with this code, about this field when one is named; gives the error for more. */
export async function refused(work: Promise<unknown>, code: TRPCError["code"], field?: string): Promise<TRPCError> {
  const { TRPCError: Refusal } = await import("@trpc/server");
  const { problemOf } = await import("@/server/api/errors");
  const error = await work.then(
    (value) => expect.fail(`It was not refused but answered ${JSON.stringify(value)}.`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Refusal)) throw error;
  expect({ code: error.code, message: error.message }).toMatchObject({ code });
  if (field !== undefined) expect(problemOf(error).field).toBe(field);
  return error;
}

/** An id that nothing has. */
export const nobody = "01990000-0000-7000-8000-000000000000";
