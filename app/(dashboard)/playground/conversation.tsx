import { FlaskConical, RotateCw } from "lucide-react";
import { useLayoutEffect, useRef } from "react";
import { CopyButton } from "@/components/copy-button";
import { EmptyState } from "@/components/empty-state";
import { RichText } from "@/components/rich-text";
import { Button } from "@/components/ui/button";
import { AnswerStats } from "./answer-stats";
import type { Turn, useChat } from "./use-chat";

type Chat = ReturnType<typeof useChat>;

/** The turns so far; it follows a growing answer unless someone scrolls up to read. */
export function Conversation({ chat }: { chat: Chat }) {
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const { turns } = chat;
  useLayoutEffect(() => {
    if (turns.length > 0 && follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [turns]);
  return (
    <div
      ref={box}
      className="min-h-0 flex-1 overflow-y-auto"
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < 48;
      }}
    >
      {turns.length === 0 ? (
        <div className="flex h-full items-center justify-center">
          <EmptyState icon={FlaskConical} title="Try a model">
            Ask something. Each answer shows its tokens, speed and cost, and is in the list of calls like any other.
          </EmptyState>
        </div>
      ) : (
        <ol aria-live="polite" aria-busy={chat.isRunning} className="mx-auto max-w-3xl space-y-6 px-4 py-5">
          {turns.map((turn) => (
            <TurnItem key={turn.id} turn={turn} {...(turn === turns.at(-1) && { onAgain: chat.again })} />
          ))}
        </ol>
      )}
    </div>
  );
}

function TurnItem({ turn, onAgain }: { turn: Turn; onAgain?: () => void }) {
  const isRunning = turn.state === "running";
  return (
    <li className="space-y-3">
      <div className="ml-auto w-fit max-w-[85%] whitespace-pre-wrap break-words rounded-2xl rounded-br-md bg-muted px-3.5 py-2 text-sm">
        {turn.question}
      </div>
      <div className="space-y-2">
        {turn.reasoning && (
          <details
            className="rounded-lg border px-3 py-2 text-muted-foreground text-xs"
            open={isRunning && turn.text === ""}
          >
            <summary className="font-medium">Thinking</summary>
            <p className="mt-1.5 whitespace-pre-wrap break-words">{turn.reasoning}</p>
          </details>
        )}
        <RichText text={turn.text} />
        {isRunning && (
          <span
            className="inline-block h-4 w-2 animate-pulse rounded-xs bg-accent"
            role="status"
            aria-label="Answering"
          />
        )}
        {turn.error && (
          <p role="alert" className="rounded-lg border border-danger/25 bg-danger/8 px-3 py-2 text-sm">
            {turn.error}
          </p>
        )}
        {!isRunning && (
          <div className="flex flex-wrap items-center gap-x-1">
            <AnswerStats turn={turn} />
            {turn.text !== "" && <CopyButton text={turn.text} label="Copy the answer" />}
            {onAgain && (
              <Button variant="ghost" size="icon-sm" aria-label="Ask again" onClick={onAgain}>
                <RotateCw className="size-3.5" />
              </Button>
            )}
          </div>
        )}
      </div>
    </li>
  );
}
