import { z } from "zod";

/** A block of a message on the Converse API: an object with one field, named for what it is. */
export type Block = Readonly<Record<string, unknown>>;

export type Turn = { readonly role: "user" | "assistant"; readonly content: readonly Block[] };

/** A whole answer; only what is read is checked. Source: Amazon Bedrock API reference, "Converse". */
export const ConverseAnswer = z.looseObject({
  output: z.looseObject({ message: z.looseObject({ content: z.array(z.looseObject({})) }).nullish() }),
  stopReason: z.string().nullish(),
  usage: z.looseObject({}).nullish(),
});

/**
 * The tool that a model must call to answer in JSON where it has no structured output of its own: its input is the answer.
 * The name is one that no caller's tool has.
 */
export const ANSWER_TOOL = "conduit_json_answer";
