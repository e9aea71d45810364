import { createHash } from "node:crypto";
import { redis } from "@/server/redis";

/** A script as Redis runs it, and the hash by which it knows one that it has run before. */
export type Script = { readonly text: string; readonly sha: string };

/** A script by its text. */
export function script(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** Runs a script and gives its answer. Rejects when Redis is away or does not take it. */
export async function runScript(
  { text, sha }: Script,
  keys: readonly string[],
  words: readonly (string | number)[],
): Promise<unknown> {
  const client = redis();
  if (!client) throw new Error("Redis is not connected.");
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...words);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return client.eval(text, keys.length, ...keys, ...words);
  }
}
