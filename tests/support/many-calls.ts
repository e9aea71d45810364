import { Pool } from "undici";
import { keys } from "@/tests/support/fixture";

/** What a caller got: the status, the upstream model and provider that answered, and the body's text. */
export type Got = {
  readonly status: number;
  readonly model: string | undefined;
  readonly provider: string | undefined;
  readonly text: string;
};

type Many = {
  readonly count: number;
  readonly body: (at: number) => object;
  readonly headers?: Record<string, string>;
  readonly atOnce?: number;
};

/** Makes many chat completions at a running app, a few at a time, and gives what came of each, in the order of `at`. */
export async function manyCalls(url: string, { count, body, headers = {}, atOnce = 12 }: Many): Promise<Got[]> {
  const pool = new Pool(url, { connections: atOnce });
  const got: Got[] = [];
  let next = 0;
  const caller = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const answer = await pool.request({
        method: "POST",
        path: "/v1/chat/completions",
        headers: { authorization: `Bearer ${keys.caller}`, "content-type": "application/json", ...headers },
        body: JSON.stringify(body(at)),
      });
      const { "x-conduit-model": model, "x-conduit-provider": provider } = answer.headers;
      got[at] = {
        status: answer.statusCode,
        model: model?.toString(),
        provider: provider?.toString(),
        text: await answer.body.text(),
      };
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, caller));
  } finally {
    await pool.close();
  }
  return got;
}

/** How often each value occurs. */
export function counted(values: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value ?? "none"] = (counts[value ?? "none"] ?? 0) + 1;
  return counts;
}
