import { ArrowUp, Square } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import type { useChat } from "./use-chat";

type ComposerProps = { chat: ReturnType<typeof useChat>; isReady: boolean };

/** Where the next question is typed: Enter sends, Shift+Enter begins a new line, Escape stops a running answer. */
export function Composer({ chat, isReady }: ComposerProps) {
  const [text, setText] = useState("");
  const canSend = isReady && !chat.isRunning && text.trim() !== "";
  const send = () => {
    if (!canSend) return;
    chat.send(text.trim());
    setText("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && chat.isRunning) chat.stop();
    // While an input method composes a word, Enter ends the word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <div className="border-t p-3">
      <div className="flex items-end gap-2 rounded-xl border border-input bg-surface p-1.5 pl-3 shadow-xs focus-within:border-accent">
        <textarea
          aria-label="Message"
          placeholder="Ask something…"
          rows={1}
          className="field-sizing-content max-h-48 min-h-8 w-full resize-none bg-transparent py-1 text-base outline-none placeholder:text-muted-foreground/70 sm:text-sm"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {chat.isRunning ? (
          <Button size="icon" variant="primary" aria-label="Stop" onClick={chat.stop}>
            <Square className="size-3.5 fill-current" />
          </Button>
        ) : (
          <Button size="icon" variant="primary" aria-label="Send" disabled={!canSend} onClick={send}>
            <ArrowUp />
          </Button>
        )}
      </div>
    </div>
  );
}
