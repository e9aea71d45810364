import { z } from "zod";

/** OpenAI's moderations; there, a request may leave the model out. Source: OpenAI API reference, "Create moderation". */
export const ModerationsRequest = z.looseObject({
  model: z.string().min(1).default("omni-moderation-latest"),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1),
    z.array(z.looseObject({ type: z.enum(["text", "image_url"]) })).min(1),
  ]),
});
export type ModerationsRequest = z.infer<typeof ModerationsRequest>;

/** The body as OpenAI gives it; one result an input. */
export type ModerationsAnswer = { readonly id: string; readonly model: string; readonly results: readonly unknown[] };
