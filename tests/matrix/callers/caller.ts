import type { TextDialectId } from "@/server/dialects/dialect";
import type { Feature, Said } from "@/tests/matrix/said";

/** What a caller asks for; `prompt` is what the user says. */
export type Wish = { model: string; prompt: string; feature: Feature; stream: boolean };

/** How a client of one dialect asks and reads. */
export type Caller = {
  readonly id: TextDialectId;
  readonly path: (wish: Pick<Wish, "model" | "stream">) => string;
  readonly body: (wish: Wish) => Record<string, unknown>;
  /** The next turn of a tool loop: the request, its whole answer, and what the tools gave, in the order of the calls. */
  readonly followUp: (
    request: Record<string, unknown>,
    answer: unknown,
    results: readonly string[],
  ) => Record<string, unknown>;
  readonly read: (answer: unknown) => Said;
  readonly readStream: (stream: string) => Said;
  /** The message of an error body, or of the event that ends a broken stream; undefined where it is none of this dialect. */
  readonly errorOf: (body: unknown) => string | undefined;
  /** Features that the dialect has no words for, each with the reason. */
  readonly lacks: Partial<Record<Feature, string>>;
};
