import type { Call } from "@/server/gateway/call";
import type { Reply } from "@/server/gateway/endpoint";
import { refuse } from "@/server/gateway/refuse";
import { callOpened } from "@/server/state/open-calls";

/** Runs a call's steps under its total time limit and until its caller leaves; any failure becomes an answer. */
export function serve(call: Call, steps: (call: Call) => Promise<Reply>): Promise<Reply> {
  callOpened(call);
  return steps(call).catch((error: unknown) => refuse(call, error));
}
