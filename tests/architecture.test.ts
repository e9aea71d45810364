import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { check, type Rule, type Violation } from "@/tests/support/architecture/check";
import { readTree } from "@/tests/support/architecture/source";

const { sources, folders } = readTree(join(import.meta.dirname, ".."));

function written(violations: readonly Violation[]): string[] {
  return violations.map(({ path, line, fault }) => `${path}:${line} ${fault}`);
}

const rules: readonly Rule[] = ["imports", "environment", "purity", "vendors", "size", "folders", "pages", "endpoints"];
const violations = check(sources, folders);

describe("the plan in docs/architecture.md holds", () => {
  test("the checker sees the project", () => {
    expect(sources.size).toBeGreaterThan(100);
    for (const path of ["server/main.ts", "server/gateway/dispatch.ts", "server/http/routes.ts", "components/nav.ts"])
      expect(sources.has(path), path).toBe(true);
  });

  test.each(rules)("%s", (rule) => {
    expect(written(violations.filter((one) => one.rule === rule))).toEqual([]);
  });
});

/** Each must be found: a rule that cannot fail proves nothing. */
const planted: readonly [Rule, string, string][] = [
  ["imports", "server/wire/planted.ts", 'import { log } from "@/server/log";'],
  ["imports", "server/wire/planted.ts", 'import { readFileSync } from "node:fs";'],
  ["imports", "server/wire/planted.ts", 'import OpenAI from "openai";'],
  ["imports", "server/providers/planted.ts", 'import { Secret } from "../secret";'],
  ["imports", "server/providers/deep/planted.ts", 'import { env } from "../../env";'],
  ["imports", "server/providers/planted.ts", 'export { query } from "@/server/db/sql";'],
  ["imports", "server/providers/planted.ts", 'import { request } from "undici";'],
  ["imports", "server/outbound/planted.ts", 'import { registry } from "@/server/providers/registry";'],
  ["imports", "server/state/planted.ts", 'import type { Call } from "@/server/gateway/call";'],
  ["imports", "server/state/planted.ts", 'import { sseData } from "@/server/wire/sse";'],
  ["imports", "server/state/planted.ts", 'import { providerType } from "@/server/providers/registry";'],
  ["imports", "server/gateway/planted.ts", 'import { query } from "@/server/db/sql";'],
  ["imports", "server/gateway/planted.ts", 'const redis = await import("@/server/redis");'],
  ["imports", "server/gateway/planted.ts", 'import { appRouter } from "@/server/api/root";'],
  ["imports", "server/gateway/planted.ts", 'import { NextResponse } from "next/server";'],
  ["imports", "server/gateway/planted.ts", 'import { createServer } from "node:http";'],
  ["imports", "server/gateway/planted.ts", 'import { request } from "undici";'],
  ["imports", "server/gateway/planted.ts", 'const sdk = require("openai");'],
  ["imports", "server/api/planted.ts", 'import { dispatch } from "@/server/gateway/dispatch";'],
  ["imports", "server/api/planted.ts", 'type Call = import("@/server/gateway/call").Call;'],
  ["imports", "server/api/planted.schema.ts", 'import { TRPCError } from "@trpc/server";'],
  ["imports", "server/http/planted.ts", 'import { useState } from "react";'],
  ["imports", "server/http/planted.ts", 'import { createCaller } from "@/server/api/root";'],
  ["imports", "server/config/planted.ts", 'import { serve } from "@/server/gateway/serve";'],
  ["imports", "server/errors.ts", 'import { log } from "@/server/log";'],
  ["imports", "server/planted.ts", 'import pg from "pg";'],
  ["imports", "server/planted.ts", 'import { check } from "@/tests/support/architecture/check";'],
  ["imports", "app/v1/planted/route.ts", 'import { prisma } from "@/server/db/prisma";'],
  ["imports", "app/(dashboard)/planted/planted.tsx", 'import { appRouter } from "@/server/api/root";'],
  ["imports", "components/planted.tsx", 'import { prisma } from "@/server/db/prisma";'],
  ["imports", "components/planted.tsx", 'import type { Secret } from "@/server/secret";'],
  ["environment", "server/planted.ts", "const port = process.env.PORT;"],
  ["environment", "server/planted.ts", 'const all = process["env"];'],
  ["environment", "components/planted.tsx", "const { env } = process;"],
  ["environment", "server/planted.ts", 'import { env } from "node:process";'],
  ["purity", "server/providers/planted.ts", "const now = Date.now();"],
  ["purity", "server/providers/planted.ts", "const now = new Date();"],
  ["purity", "server/providers/planted.ts", "await fetch(url);"],
  ["purity", "server/wire/planted.ts", "const id = crypto.randomUUID();"],
  ["purity", "server/wire/planted.ts", "setTimeout(done, 10);"],
  ["vendors", "server/gateway/planted.ts", 'if (type === "bedrock") return readFrames();'],
  ["vendors", "server/gateway/planted.ts", "const usage = data.x_groq.usage;"],
  ["vendors", "server/gateway/planted.ts", "const claudeOptions = {};"],
  ["vendors", "server/state/planted.ts", "const text = `mistral/x`;"],
  ["size", "server/planted.ts", "export {};\n".repeat(301)],
  ["size", "app/(dashboard)/planted/planted.tsx", "export {};\n".repeat(301)],
  ["folders", "server/lib/planted.ts", "export {};"],
  ["folders", "components/utils/planted.ts", "export {};"],
  ["pages", "app/(dashboard)/planted/page.tsx", "export {};"],
  ["pages", "components/nav.ts", 'export const nav = [{ href: "/nowhere" }];'],
  ["endpoints", "app/v1/planted/route.ts", "export {};"],
  ["endpoints", "server/http/routes.ts", 'export const routes = { "/v1/planted": {} };'],
];

describe("the rules can fail", () => {
  test.each(planted)("%s: in %s, %.60s", (rule, path, text) => {
    const found = check(new Map([[path, text]]), []);
    expect(found.map((one) => one.rule)).toContain(rule);
  });

  test("folders: a new one at the top", () => {
    expect(check(new Map(), ["packages"]).map((one) => one.rule)).toEqual(["folders"]);
  });

  test.each([
    ["server/wire/allowed.ts", 'import type { Chat } from "openai/resources";\nimport { z } from "zod";'],
    [
      "server/outbound/allowed.ts",
      'import type { ProviderType } from "@/server/providers/provider";\nimport { Agent } from "undici";',
    ],
    ["server/state/allowed.ts", 'import { type Usage } from "@/server/wire/usage";'],
    [
      "server/gateway/allowed.ts",
      'import type { IncomingHttpHeaders } from "node:http";\nimport { send } from "@/server/outbound/client";',
    ],
    [
      "components/allowed.tsx",
      'import type { AppRouter } from "@/server/api/root";\nimport { NewKey } from "@/server/api/keys.schema";',
    ],
    [
      "server/providers/allowed.ts",
      '// Groq says it in x_groq.\nconst name = "groq";\nconst at = { fetch: 1, performance: 2 };',
    ],
    ["components/ui/long.tsx", "export {};\n".repeat(400)],
    ["tests/support/long.ts", "export {};\n".repeat(400)],
  ])("and let pass what is allowed: %s", (path, text) => {
    expect(written(check(new Map([[path, text]]), []))).toEqual([]);
  });
});
