import { z } from "zod";

/** How far a newcomer has come. Demonstration objects and the key that start-up makes do not count. */
export const SetupStatus = z.object({
  providers: z.int(),
  models: z.int(),
  keys: z.int(),
  calls: z.number(),
  dismissed: z.boolean(),
  steps: z.array(z.object({ id: z.enum(["provider", "models", "key", "call"]), done: z.boolean() })),
});

/** What hiding the checklist answers. */
export const SetupDismissed = z.object({ dismissed: z.literal(true) });
