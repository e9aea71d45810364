import { z } from "zod";
import { GatewayError } from "@/server/errors";

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

/** How many vectors an input asks for: a text or one list of token ids is one. */
export function inputCount(input: EmbeddingsRequest["input"]): number {
  return typeof input === "string" || typeof input[0] === "number" ? 1 : input.length;
}

const BYTES_PER_FLOAT = 4;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** A vector in the format that the caller wants; one that has it already stays as it is. Throws `upstream_garbled`. */
export function inVectorFormat(
  vector: readonly number[] | string,
  format: "float" | "base64",
): readonly number[] | string {
  if (typeof vector === "string") return format === "base64" ? vector : numbersOf(vector);
  return format === "float" ? vector : base64Of(vector);
}

/** A view over bytes and not a typed array of floats: those have the byte order of the machine. */
function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * BYTES_PER_FLOAT);
  let at = 0;
  for (const value of vector) {
    if (!Number.isFinite(value)) throw new GatewayError("upstream_garbled", "The provider's vector holds no numbers.");
    at = bytes.writeFloatLE(value, at);
  }
  return bytes.toString("base64");
}

function numbersOf(text: string): number[] {
  const bytes = Buffer.from(text, "base64");
  if (!BASE64.test(text) || bytes.length % BYTES_PER_FLOAT !== 0)
    throw new GatewayError("upstream_garbled", "The provider's vector is not base64 of 32-bit floats.");
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_PER_FLOAT) numbers.push(bytes.readFloatLE(at));
  return numbers;
}
