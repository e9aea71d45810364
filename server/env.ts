import { z } from "zod";

const milliseconds = (fallback: number) => z.coerce.number().int().min(1).default(fallback);
const optionalText = z.string().optional();
const flag = z
  .enum(["true", "false", "1", "0"])
  .optional()
  .transform((value) => value === "true" || value === "1");

const Environment = z.object({
  NODE_ENV: z.string().default("development"),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(5000),
  DATABASE_URL: optionalText,
  REDIS_URL: optionalText,
  CONDUIT_REDIS_INSTANCE_NAME: z.string().default("conduit:"),
  CONDUIT_REDIS_OUTAGE: z.enum(["memory", "refuse"]).default("memory"),
  CONDUIT_CONFIG: optionalText,
  CONDUIT_DATA_DIR: z.string().min(1).default("./data"),
  CONDUIT_ROLE: z.enum(["all", "gateway", "dashboard"]).default("all"),
  CONDUIT_WORKERS: z.coerce.number().int().min(1).max(64).default(1),
  CONDUIT_API_TO_API_BACKEND_AUTH_KEY: optionalText,
  CONDUIT_ADMIN_LOGIN_PASSWORD: optionalText,
  SESSION_SECRET: optionalText,
  CONDUIT_ENCRYPTION_KEY: optionalText,
  CONDUIT_PUBLIC_URL: optionalText,
  CONDUIT_TRUST_PROXY: flag,
  CONDUIT_CORS_ORIGINS: z.string().default("*"),
  CONDUIT_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  CONDUIT_MAX_BODY_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .default(32 * 1024 * 1024),
  CONDUIT_FIRST_BYTE_TIMEOUT_MS: milliseconds(10_000),
  CONDUIT_BREAKERS: z.enum(["on", "off"]).default("on"),
  CONDUIT_RETRIES: z.coerce.number().int().min(0).max(10).default(2),
  CONDUIT_IDLE_TIMEOUT_MS: milliseconds(30_000),
  CONDUIT_TOTAL_TIMEOUT_MS: milliseconds(600_000),
  CONDUIT_DRAIN_TIMEOUT_MS: milliseconds(30_000),
  CONDUIT_DATABASE_WAIT_MS: milliseconds(60_000),
  /** Set by the platform where there is no disk that lasts. */
  VERCEL: optionalText,
  CONDUIT_JOURNAL: z.enum(["disk", "database"]).optional(),
  CONDUIT_JOURNAL_SYNC: flag,
  CONDUIT_JOURNAL_FAILURE: z.enum(["refuse", "degrade"]).default("refuse"),
  CONDUIT_JOURNAL_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(65_536)
    .default(1024 * 1024 * 1024),
  CONDUIT_BUDGET_ALLOWANCE_USD: z.coerce.number().min(0).max(1_000_000).default(0),
  CONDUIT_BUDGET_STATUS: z.preprocess(Number, z.union([z.literal(429), z.literal(402)])).default(429),
  CONDUIT_CACHE_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(64 * 1024 * 1024),
  CONDUIT_UPSTREAM_CONNECTIONS: z.coerce.number().int().min(1).default(512),
});

/** The process's settings as read once from the environment; throws one error that names every bad variable. */
export function readEnvironment(source: Record<string, string | undefined>) {
  // A variable that is set to nothing is one that is not set: that is how files and orchestrators leave one out.
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`These environment variables cannot be used:\n${problems.join("\n")}`);
  }
  const read = parsed.data;
  return {
    production: read.NODE_ENV === "production",
    host: read.HOST,
    /** False where it is the default. */
    hostGiven: given.HOST !== undefined,
    port: read.PORT,
    databaseUrl: read.DATABASE_URL,
    redisUrl: read.REDIS_URL,
    redisPrefix: read.CONDUIT_REDIS_INSTANCE_NAME,
    redisOutage: read.CONDUIT_REDIS_OUTAGE,
    configPath: read.CONDUIT_CONFIG,
    dataDir: read.CONDUIT_DATA_DIR,
    role: read.CONDUIT_ROLE,
    workers: read.CONDUIT_WORKERS,
    secrets: {
      backendKey: read.CONDUIT_API_TO_API_BACKEND_AUTH_KEY,
      adminPassword: read.CONDUIT_ADMIN_LOGIN_PASSWORD,
      sessionSecret: read.SESSION_SECRET,
      encryptionKey: read.CONDUIT_ENCRYPTION_KEY,
    },
    publicUrl: read.CONDUIT_PUBLIC_URL,
    trustProxy: read.CONDUIT_TRUST_PROXY,
    corsOrigins: read.CONDUIT_CORS_ORIGINS.split(",").map((origin) => origin.trim()),
    logLevel: read.CONDUIT_LOG_LEVEL,
    maxBodyBytes: read.CONDUIT_MAX_BODY_BYTES,
    firstByteMs: read.CONDUIT_FIRST_BYTE_TIMEOUT_MS,
    breakers: read.CONDUIT_BREAKERS === "on",
    retries: read.CONDUIT_RETRIES,
    idleMs: read.CONDUIT_IDLE_TIMEOUT_MS,
    totalMs: read.CONDUIT_TOTAL_TIMEOUT_MS,
    drainMs: read.CONDUIT_DRAIN_TIMEOUT_MS,
    databaseWaitMs: read.CONDUIT_DATABASE_WAIT_MS,
    journal: read.CONDUIT_JOURNAL ?? (read.VERCEL === undefined ? "disk" : "database"),
    journalSync: read.CONDUIT_JOURNAL_SYNC,
    journalFailure: read.CONDUIT_JOURNAL_FAILURE,
    journalMaxBytes: read.CONDUIT_JOURNAL_MAX_BYTES,
    budgetAllowanceUsd: read.CONDUIT_BUDGET_ALLOWANCE_USD,
    budgetStatus: read.CONDUIT_BUDGET_STATUS,
    cacheBytes: read.CONDUIT_CACHE_BYTES,
    upstreamConnections: read.CONDUIT_UPSTREAM_CONNECTIONS,
  };
}

export const env = readOrExit();

/** Whoever set a variable wrongly needs the sentence, not a trace. */
function readOrExit() {
  try {
    return readEnvironment(process.env);
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(1);
  }
}

/** The value of a variable that conduit.json names as `${NAME}`, or undefined when it is not set. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name];
}

/** next-auth reads its settings from the environment alone, so they are put there before Next is loaded. */
export function exportSessionSettings(sessionSecret: string): void {
  process.env.NEXTAUTH_SECRET = sessionSecret;
  if (env.publicUrl) process.env.NEXTAUTH_URL = env.publicUrl;
  else process.env.AUTH_TRUST_HOST = "true";
}
