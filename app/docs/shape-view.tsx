import { ChevronRight } from "lucide-react";
import type { Field, Shape } from "./shape";

/** The fields of an object as a list; what is inside one unfolds. */
export function Fields({ label, fields }: { label: string; fields: readonly Field[] }) {
  return (
    <ul aria-label={label} className="divide-y rounded-lg border bg-surface">
      {fields.map((field) => (
        <li key={`${field.name} ${field.type}`} className="px-3 py-2 text-sm">
          <FieldLine field={field} />
        </li>
      ))}
    </ul>
  );
}

function FieldLine({ field }: { field: Field }) {
  const { name, type, note, required, fields } = field;
  const line = (
    <span className="min-w-0">
      <code className="mr-2 break-words font-medium font-mono text-xs">{name}</code>
      <span className="break-words text-muted-foreground text-xs">
        {type}
        {required && <span className="text-accent"> required</span>}
        {note && ` · ${note}`}
      </span>
    </span>
  );
  if (fields.length === 0) return line;
  return (
    <details className="group/field">
      <summary className="-mx-1 flex list-none items-baseline gap-1 rounded px-1">
        <ChevronRight
          aria-hidden
          className="size-3 shrink-0 self-center text-muted-foreground transition-transform group-open/field:rotate-90"
        />
        {line}
      </summary>
      <div className="mt-2">
        <Fields label={`Fields of ${name}`} fields={fields} />
      </div>
    </details>
  );
}

/** What a body or an answer is: its type, and its fields where it has some. */
export function ShapeView({ label, shape }: { label: string; shape: Shape }) {
  return (
    <section>
      <h4 className="mb-1.5 font-medium text-muted-foreground text-xs">
        {label}
        {shape.type !== "object" && <span className="font-normal"> · {shape.type}</span>}
        {shape.note && <span className="font-normal"> · {shape.note}</span>}
      </h4>
      {shape.fields.length > 0 && <Fields label={label} fields={shape.fields} />}
    </section>
  );
}
