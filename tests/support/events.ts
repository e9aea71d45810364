/** The payloads of an event stream's `data:` lines, in order; throws on a line that is neither data, comment nor event name. */
export function eventsOf(stream: string): string[] {
  return stream.split(/\r?\n/).flatMap((line) => {
    if (line === "" || line.startsWith(":") || line.startsWith("event:")) return [];
    if (!line.startsWith("data: ")) throw new Error(`Not a line of an event stream: ${line}`);
    return [line.slice("data: ".length)];
  });
}

/** What an error body of OpenAI's shape holds. */
export type ErrorBody = { error: { message: string; type: string; param: string | null; code: string | null } };

/** The last event of a stream when it is an error; throws with the stream when it is not. */
export function closingError(stream: string): ErrorBody["error"] {
  const last = JSON.parse(eventsOf(stream).at(-1) ?? "null");
  if (typeof last?.error?.message !== "string") throw new Error(`The stream does not end with an error:\n${stream}`);
  return last.error;
}
