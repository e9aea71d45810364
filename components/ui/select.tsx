import { Check, ChevronDown } from "lucide-react";
import { Select as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./cn";
import { controlClasses } from "./input";

/** One choice of a select; `hint` is a second, quieter line. */
type SelectOption<Value extends string = string> = { value: Value; label: ReactNode; hint?: ReactNode };

type SelectProps<Value extends string> = {
  id?: string;
  value: Value;
  onValueChange: (value: Value) => void;
  options: readonly SelectOption<Value>[];
  placeholder?: string;
  disabled?: boolean;
  className?: string;
  "aria-label"?: string;
};

/** A list to choose one value from. */
export function Select<Value extends string>(props: SelectProps<Value>) {
  const { value, onValueChange, options, placeholder, disabled = false, className, ...rest } = props;
  return (
    <Primitive.Root
      value={value}
      disabled={disabled}
      onValueChange={(next) => {
        const chosen = options.find((option) => option.value === next);
        if (chosen) onValueChange(chosen.value);
      }}
    >
      <Primitive.Trigger
        className={cn(
          controlClasses,
          "flex h-8.5 items-center justify-between gap-2 text-left data-placeholder:text-muted-foreground [&>span]:truncate",
          className,
        )}
        {...rest}
      >
        <Primitive.Value placeholder={placeholder} />
        <ChevronDown aria-hidden className="size-3.5 shrink-0 text-muted-foreground" />
      </Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          position="popper"
          sideOffset={4}
          className="z-60 max-h-(--radix-select-content-available-height) min-w-(--radix-select-trigger-width) max-w-[92vw] overflow-hidden rounded-lg border bg-raised p-1 shadow-raised data-[state=open]:animate-in data-[state=open]:fade-in-0"
        >
          <Primitive.Viewport className="max-h-80">
            {options.map((option) => (
              <Choice key={option.value} option={option} />
            ))}
          </Primitive.Viewport>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

function Choice({ option }: { option: SelectOption }) {
  return (
    <Primitive.Item
      value={option.value}
      className="relative flex cursor-default select-none flex-col rounded-md py-1.5 pr-8 pl-2 text-sm outline-none data-highlighted:bg-muted"
    >
      <Primitive.ItemText>{option.label}</Primitive.ItemText>
      {option.hint && <span className="max-w-80 text-muted-foreground text-xs">{option.hint}</span>}
      <Primitive.ItemIndicator className="absolute top-2 right-2">
        <Check aria-hidden className="size-4 text-accent" />
      </Primitive.ItemIndicator>
    </Primitive.Item>
  );
}
