import { Agent, request } from "undici";
import type { Gateway } from "@/tests/support/gateway";

/** What came of one call. `whole` is true only when the answer's last byte was received. */
export type Outcome = {
  readonly requestId: string | undefined;
  readonly status: number;
  readonly whole: boolean;
  readonly text: string;
};

/** One call to be made: at which app, with which body. */
export type Shot = { readonly at: () => Gateway; readonly key: string; readonly body: object };

const agent = new Agent({
  connections: 512,
  pipelining: 1,
  connect: { timeout: 5_000 },
  bodyTimeout: 30_000,
  headersTimeout: 30_000,
});

/** Makes all calls, `width` at a time; a connection that breaks is an outcome and no failure. */
export async function fire(shots: readonly Shot[], width: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let shot = shots[next++]; shot; shot = shots[next++]) outcomes.push(await one(shot));
  };
  await Promise.all(Array.from({ length: width }, lane));
  return outcomes;
}

async function one({ at, key, body }: Shot): Promise<Outcome> {
  let requestId: string | undefined;
  let status = 0;
  let text = "";
  try {
    const response = await request(`${at().url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      dispatcher: agent,
    });
    status = response.statusCode;
    requestId = String(response.headers["x-request-id"]);
    for await (const chunk of response.body.setEncoding("utf8")) text += chunk;
    return { requestId, status, whole: true, text };
  } catch {
    return { requestId, status, whole: false, text };
  }
}
