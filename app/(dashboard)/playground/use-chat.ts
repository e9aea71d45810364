import { useEffect, useRef, useState } from "react";
import { type ChatEnd, type ChatPiece, streamChat } from "@/components/chat-stream";

/** One turn: what was asked and what came back so far. */
export type Turn = {
  id: number;
  question: string;
  text: string;
  reasoning: string;
  state: "running" | "done" | "stopped" | "failed";
  error?: string;
  requestId?: string;
  end?: ChatEnd;
};

/** Makes the request of a new turn from those before it. */
export type ToRequest = (turns: readonly Turn[], question: string) => { keyId: string; body: Record<string, unknown> };

/** A conversation: its turns and what can be done with it. Leaving the page stops a running answer. */
export function useChat(toRequest: ToRequest) {
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const controller = useRef<AbortController>(undefined);
  const nextId = useRef(1);
  useEffect(() => () => controller.current?.abort(), []);

  const ask = async (earlier: readonly Turn[], question: string) => {
    const id = nextId.current++;
    const patch = (change: Partial<Turn> | ((turn: Turn) => Partial<Turn>)) =>
      setTurns((all) =>
        all.map((turn) =>
          turn.id === id ? { ...turn, ...(typeof change === "function" ? change(turn) : change) } : turn,
        ),
      );
    setTurns([...earlier, { id, question, text: "", reasoning: "", state: "running" }]);
    const abort = new AbortController();
    controller.current = abort;
    const collected = collect((piece) =>
      patch((turn) => ({ text: turn.text + piece.text, reasoning: turn.reasoning + piece.reasoning })),
    );
    try {
      const end = await streamChat({
        ...toRequest(earlier, question),
        signal: abort.signal,
        onBegin: (requestId) => requestId && patch({ requestId }),
        onPiece: collected.add,
      });
      patch({ state: "done", end });
    } catch (error) {
      patch(
        abort.signal.aborted
          ? { state: "stopped" }
          : { state: "failed", error: error instanceof Error ? error.message : String(error) },
      );
    } finally {
      collected.flush();
    }
  };

  return {
    turns,
    isRunning: turns.at(-1)?.state === "running",
    send: (question: string) => void ask(turns, question),
    /** Asks the last question again. */
    again: () => {
      const last = turns.at(-1);
      if (last) void ask(turns.slice(0, -1), last.question);
    },
    stop: () => controller.current?.abort(),
    clear: () => {
      controller.current?.abort();
      setTurns([]);
    },
  };
}

/** Gathers pieces and hands them on once a frame: a fast model sends far more of them than a screen can show. */
function collect(show: (piece: ChatPiece) => void) {
  let gathered: ChatPiece = { text: "", reasoning: "" };
  let frame: number | undefined;
  const flush = () => {
    if (frame !== undefined) cancelAnimationFrame(frame);
    frame = undefined;
    if (gathered.text + gathered.reasoning !== "") show(gathered);
    gathered = { text: "", reasoning: "" };
  };
  return {
    add: (piece: ChatPiece) => {
      gathered = { text: gathered.text + piece.text, reasoning: gathered.reasoning + piece.reasoning };
      frame ??= requestAnimationFrame(flush);
    },
    flush,
  };
}
