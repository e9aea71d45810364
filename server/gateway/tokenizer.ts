import { setImmediate as nextTurn } from "node:timers/promises";

/** A slice takes about a millisecond; between slices other calls have their turn. */
const SLICE = 16_384;
/** Longer runs of one kind of character take the tokenizer time that grows with their square. */
const LONG_RUN = /[^\s\p{P}]{257}|\s{257}|\p{P}{257}/u;
const RUN = 256;
/** What is beyond is reckoned as what is before. */
const MAX_COUNTED = 4_000_000;

type Count = (text: string) => number;
let loading: Promise<Count> | undefined;

/** Its vocabulary takes 30 MB, so it is loaded when first wanted. */
function load(): Promise<Count> {
  loading ??= import("gpt-tokenizer/encoding/o200k_base").then(({ countTokens }) => {
    // What looks like a special token is text to a caller.
    const asText = { disallowedSpecial: new Set<string>() };
    return (text) => countTokens(text, asText);
  });
  // What could not be loaded is tried again the next time.
  return loading.catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
}

/** How many tokens a text has to OpenAI's models; to others it is an estimate, about a fifth too low for some. */
export async function countTextTokens(text: string): Promise<number> {
  if (text === "") return 0;
  const count = await load();
  const end = Math.min(text.length, MAX_COUNTED);
  let tokens = 0;
  for (let at = 0; at < end; at += SLICE) {
    if (at > 0) await nextTurn();
    const slice = text.slice(at, Math.min(at + SLICE, end));
    tokens += LONG_RUN.test(slice) ? countRuns(slice, count) : count(slice);
  }
  return text.length > end ? Math.ceil((tokens / end) * text.length) : tokens;
}

function countRuns(slice: string, count: Count): number {
  let tokens = 0;
  for (let at = 0; at < slice.length; at += RUN) tokens += count(slice.slice(at, at + RUN));
  return tokens;
}
