import pino from "pino";
import { env } from "@/server/env";
import { singleton } from "@/server/singleton";

/** JSON lines on standard error; standard output belongs to what a person is told at start. */
export const log = singleton("log", () =>
  pino(
    {
      level: env.logLevel,
      base: null,
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
