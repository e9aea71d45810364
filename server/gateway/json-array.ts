import type { Reply, StreamBody } from "@/server/gateway/endpoint";
import { SseParser } from "@/server/wire/sse";

/** A stream of server-sent events as one JSON array that grows by an element an event, for callers who asked for no events. */
export function asJsonArray(reply: Reply, stream: StreamBody): Reply {
  return {
    ...reply,
    headers: { ...reply.headers, "content-type": "application/json" },
    body: async (sink) => {
      const parser = new SseParser();
      let isFirst = true;
      const write = (chunk: Uint8Array | string): boolean => {
        let text = "";
        for (const { data } of parser.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk)) {
          text += (isFirst ? "[" : ",\r\n") + data;
          isFirst = false;
        }
        return text === "" || sink.write(text);
      };
      await stream({ write, onDrain: (resume) => sink.onDrain(resume) });
      sink.write(isFirst ? "[]" : "]");
    },
  };
}
