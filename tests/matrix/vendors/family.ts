import type { Asked, Play } from "@/tests/matrix/said";

/** One answer, whole or streamed. */
export type Answered = { contentType: string; body: string | Buffer };

/** What a vendor's dialect can tell of tokens. */
export type Tells = { cached: boolean; reasoning: boolean };

/** How a vendor of one dialect is asked, and answers. */
export type Family = {
  readonly asked: (body: unknown) => Asked;
  readonly whole: (play: Play, request: unknown) => object;
  readonly stream: (play: Play, request: unknown) => Answered;
  readonly error: (status: number, message: string) => object;
  readonly tells: Tells;
};

/** The events of a stream; one that is cut short lacks its end. */
export function cutShort<Event>(play: Play, events: readonly Event[]): readonly Event[] {
  return play === "cut" ? events.slice(0, Math.ceil(events.length / 2)) : events;
}

/** Server-sent events, named for their payload's type where they have one. */
export function sse(events: readonly object[], done = ""): Answered {
  const written = events.map((event) => {
    const name = "type" in event && typeof event.type === "string" ? `event: ${event.type}\n` : "";
    return `${name}data: ${JSON.stringify(event)}\n\n`;
  });
  return { contentType: "text/event-stream; charset=utf-8", body: written.join("") + done };
}
