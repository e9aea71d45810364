import { z } from "zod";
import type { Usage } from "@/server/wire/usage";

const classes = [
  ...(["input", "cachedInput", "cacheWrite", "cacheWrite1h", "audioInput"] as const),
  ...(["output", "reasoning", "audioOutput", "searchUnits", "webSearches"] as const),
] as const;

const Attempts = z.array(
  z.looseObject({
    provider: z.string().optional(),
    upstream_model: z.string().optional(),
    cost_nano: z.string().regex(/^\d+$/).optional(),
    used: z.partialRecord(z.enum(classes), z.number().min(0)).optional(),
  }),
);

/** An attempt of a call as the ledger keeps it; those before the last that a vendor billed have a cost. */
type BilledAttempt = z.infer<typeof Attempts>[number];

/** The attempts of a call's `trace`; none where there are none, or they cannot be read. */
export function attemptsOf(trace: unknown): readonly BilledAttempt[] {
  return Attempts.catch([]).parse(trace ?? []);
}

/** What the last attempt used of what its call did, whose row has the tokens of all. */
export function usageOfLast(whole: Usage, attempts: readonly BilledAttempt[]): Usage {
  const left = { ...whole };
  for (const { used = {} } of attempts) {
    for (const name of classes) {
      const before = left[name];
      // What the row does not count stays uncounted, which is not the same as none.
      if (before !== undefined) left[name] = Math.max(0, before - (used[name] ?? 0));
    }
  }
  return left;
}
