import { useState } from "react";
import { Button } from "./ui/button";
import { Input } from "./ui/input";

type AddByNameProps = { label: string; placeholder: string; action: string; onAdd: (name: string) => void };

/** A line to type a name that a list does not offer. Enter adds it and does not send the form around it. */
export function AddByName({ label, placeholder, action, onAdd }: AddByNameProps) {
  const [name, setName] = useState("");
  const add = () => {
    if (name.trim() === "") return;
    onAdd(name.trim());
    setName("");
  };
  return (
    <div className="flex gap-2">
      <Input
        aria-label={label}
        placeholder={placeholder}
        spellCheck={false}
        value={name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          add();
        }}
      />
      <Button disabled={name.trim() === ""} onClick={add}>
        {action}
      </Button>
    </div>
  );
}
