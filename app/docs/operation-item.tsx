import { ChevronRight } from "lucide-react";
import { CodeBlock } from "@/components/code-block";
import { Badge } from "@/components/ui/badge";
import { curlOf, type Operation } from "./operation";
import { Fields, ShapeView } from "./shape-view";

const keys = {
  virtual: "Asks for a virtual key.",
  backend: "Asks for the backend key.",
  none: "Asks for no key.",
} as const;

type OperationItemProps = { operation: Operation; origin: string; open: boolean; onToggle: (open: boolean) => void };

/** One operation: a line that unfolds into its parameters, schemas and a command that calls it. */
export function OperationItem({ operation, origin, open, onToggle }: OperationItemProps) {
  const { id, path, summary } = operation;
  return (
    <details
      id={id}
      open={open}
      onToggle={(event) => event.currentTarget.open !== open && onToggle(event.currentTarget.open)}
      className="group scroll-mt-20 border-b last:border-0"
    >
      <summary className="flex list-none flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 hover:bg-muted/50">
        <Method method={operation.method} />
        <code className="min-w-0 break-all font-mono text-xs sm:text-sm">{path}</code>
        <span className="min-w-0 text-muted-foreground text-sm max-lg:w-full lg:ml-auto lg:max-w-[50%] lg:text-right">
          {summary}
        </span>
        <ChevronRight
          aria-hidden
          className="size-3.5 shrink-0 text-muted-foreground transition-transform group-open:rotate-90 max-lg:hidden"
        />
      </summary>
      {open && <OperationBody operation={operation} origin={origin} />}
    </details>
  );
}

function OperationBody({ operation, origin }: { operation: Operation; origin: string }) {
  const { about, key, parameters, body, answer, summary } = operation;
  return (
    <div className="grid gap-5 border-t bg-background px-4 py-4 lg:grid-cols-2">
      <div className="min-w-0 space-y-4">
        <p className="text-sm">
          {about && `${about} `}
          {keys[key]}
        </p>
        {parameters.length > 0 && (
          <section>
            <h4 className="mb-1.5 font-medium text-muted-foreground text-xs">Parameters</h4>
            <Fields
              label="Parameters"
              fields={parameters.map((one) => ({ ...one, type: `${one.type}, in the ${one.in}` }))}
            />
          </section>
        )}
        {body && <ShapeView label="Body" shape={body} />}
        {answer && <ShapeView label="Answer" shape={answer} />}
      </div>
      <div className="min-w-0">
        <CodeBlock code={curlOf(operation, origin)} label={`Copy the command: ${summary}`} />
      </div>
    </div>
  );
}

const tones = { GET: "accent", POST: "success", PUT: "warning", PATCH: "warning", DELETE: "danger" } as const;

function Method({ method }: { method: string }) {
  const known = Object.entries(tones).find(([name]) => name === method)?.[1];
  return (
    <Badge tone={known ?? "neutral"} className="w-16 justify-center font-mono">
      {method}
    </Badge>
  );
}
