import { query } from "@/server/db/sql";
import { env } from "@/server/env";
import { describeVirtualKey } from "@/server/secret";
import { isLoopback, secrets } from "@/server/secrets";

/** Tells the person who started the server where to go and how to make a first call that works. */
export async function greet(port: number): Promise<void> {
  const url = env.publicUrl ?? `http://${env.host.includes(":") ? `[${env.host}]` : env.host}:${port}`;
  const lines = ["", `  Conduit is ready on ${url}`, ""];
  if (env.role !== "gateway") lines.push(`  Dashboard   ${url}`, ...password());
  const key = await firstKey();
  if (key && env.role !== "dashboard")
    lines.push(
      `  First key   ${key}`,
      "",
      "  Try it (the model `demo` is built in and needs no vendor account):",
      "",
      ...curl(url, key),
    );
  process.stdout.write(`${lines.join("\n")}\n\n`);
}

function password(): string[] {
  const { passwordGenerated, adminPassword, file } = secrets();
  if (!passwordGenerated || !isLoopback(env.host)) return [];
  return [`  Password    ${adminPassword.reveal()}   (kept in ${file})`];
}

/** The ready key, while it and the demo model are still there. */
async function firstKey(): Promise<string | undefined> {
  const key = secrets().firstKey?.reveal();
  if (!key) return undefined;
  const rows = await query(
    "SELECT 1 FROM virtual_key, model WHERE virtual_key.hash = $1 AND virtual_key.enabled AND model.name = 'demo' AND model.enabled",
    [describeVirtualKey(key).hash],
  );
  return rows.length > 0 ? key : undefined;
}

function curl(url: string, key: string): string[] {
  return [
    `  curl -N ${url}/v1/chat/completions \\`,
    `    -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" \\`,
    `    -d '{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hello"}]}'`,
  ];
}
