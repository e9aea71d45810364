import pino from "pino";
import { env } from "@/server/env";
import { singleton } from "@/server/singleton";

/** JSON lines on standard error; standard output belongs to what a person is told at start. */
export const log = singleton("log", () =>
  pino(
    {
      level: env.logLevel,
      base: null,
      // An error's own fields are left out: those of clients and connections hold their whole configuration.
      serializers: { err: describe },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      redact: {
        paths: ["*.authorization", "*.apiKey", "*.password", "*.key", "authorization", "apiKey", "password"],
        censor: "[secret]",
      },
    },
    pino.destination(2),
  ),
);

type Described = { type: string; message: string; code?: string; stack?: string | undefined; cause?: unknown };

function describe(error: unknown): Described | string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {};
  return { type: name, message, ...code, stack, ...(cause === undefined ? {} : { cause: describe(cause) }) };
}
