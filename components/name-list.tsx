import { Plus, X } from "lucide-react";
import { useState } from "react";
import type { Control } from "./field";
import { Button } from "./ui/button";
import { Input } from "./ui/input";

type NameListProps = {
  control: Control & { "aria-label"?: string };
  names: readonly string[];
  onChange: (names: string[]) => void;
  suggestions?: readonly string[];
  placeholder?: string;
  /** A comma is a part of a name, and adds nothing. */
  withCommas?: boolean;
};

/** Names in an order: Enter or a comma adds what is typed, the cross takes one away. */
export function NameList({ control, names, onChange, suggestions = [], placeholder, withCommas }: NameListProps) {
  const [draft, setDraft] = useState("");
  const add = (text: string) => {
    const found = (withCommas ? [text] : text.split(",")).map((name) => name.trim());
    onChange([...new Set([...names, ...found.filter((name) => name !== "")])]);
    setDraft("");
  };
  return (
    <div className="space-y-2">
      <div className="flex gap-2">
        <Input
          {...control}
          list={`${control.id}-names`}
          placeholder={placeholder}
          spellCheck={false}
          value={draft}
          onChange={(event) =>
            event.target.value.endsWith(",") && !withCommas ? add(event.target.value) : setDraft(event.target.value)
          }
          onBlur={() => draft.trim() !== "" && add(draft)}
          onKeyDown={(event) => {
            if (event.key === "Backspace" && draft === "") onChange(names.slice(0, -1));
            if (event.key !== "Enter" || draft.trim() === "") return;
            event.preventDefault();
            add(draft);
          }}
        />
        <datalist id={`${control.id}-names`}>
          {suggestions
            .filter((name) => !names.includes(name))
            .map((name) => (
              <option key={name} value={name} />
            ))}
        </datalist>
        <Button size="icon" aria-label="Add" disabled={draft.trim() === ""} onClick={() => add(draft)}>
          <Plus />
        </Button>
      </div>
      <ul className="flex flex-wrap gap-1.5 empty:hidden">
        {names.map((name) => (
          <li key={name} className="inline-flex h-6 items-center gap-0.5 rounded-md border bg-muted pl-2 text-xs">
            <span className="max-w-56 truncate">{name}</span>
            <button
              type="button"
              aria-label={`Remove ${name}`}
              className="flex size-6 items-center justify-center rounded-md text-muted-foreground hover:text-foreground"
              onClick={() => onChange(names.filter((other) => other !== name))}
            >
              <X aria-hidden className="size-3" />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
