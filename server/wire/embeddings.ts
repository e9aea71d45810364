import { z } from "zod";

const Tokens = z.array(z.int().min(0)).min(1);

/** OpenAI's embeddings, the canonical form of all vendors'. Source: OpenAI API reference, "Create embeddings". */
export const EmbeddingsRequest = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1), Tokens, z.array(Tokens).min(1)], {
    error: "Expected a text, a list of texts, or token ids.",
  }),
  dimensions: z.int().min(1).nullish(),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  user: z.string().nullish(),
});
export type EmbeddingsRequest = z.infer<typeof EmbeddingsRequest>;

/** Vectors in the order of the inputs, as numbers or as base64 of little-endian 32-bit floats, however the vendor gave them. */
export type EmbeddingsAnswer = {
  readonly model: string;
  readonly vectors: readonly (readonly number[] | string)[];
  /** Fields that the vendor adds to the body. */
  readonly extra?: Readonly<Record<string, unknown>>;
};
