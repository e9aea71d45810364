import { ArrowRight, Check, X } from "lucide-react";
import Link from "next/link";
import { type Outputs, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { cn } from "@/components/ui/cn";

type Step = Outputs["setup"]["status"]["steps"][number];

const texts: Record<Step["id"], { title: string; about: string; href: string }> = {
  provider: {
    title: "Add a provider",
    about: "An account at a vendor, or any server that speaks OpenAI's API.",
    href: "/providers?new=1",
  },
  models: {
    title: "Pick models",
    about: "Choose from what your provider lists; prices are filled in.",
    href: "/providers?pick=1",
  },
  key: {
    title: "Create a key",
    about: "What your application signs in with, with its own budget and limits.",
    href: "/keys?new=1",
  },
  call: { title: "Make a call", about: "Try it here, or point an OpenAI SDK at this server.", href: "/playground" },
};

/** The first steps, ticked from what is really there; gone when all are done or it is dismissed. */
export function Checklist() {
  const status = trpc.setup.status.useQuery();
  const dismiss = trpc.setup.dismiss.useMutation();
  if (!status.data || status.data.dismissed || dismiss.isSuccess) return null;
  const { steps } = status.data;
  const done = steps.filter((step) => step.done).length;
  if (done === steps.length) return null;
  const next = steps.find((step) => !step.done);
  return (
    <Card aria-label="First steps">
      <CardHeader title="Get started" description={`${done} of ${steps.length} steps done`}>
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label="Dismiss the first steps"
          loading={dismiss.isPending}
          onClick={() => dismiss.mutate()}
        >
          {!dismiss.isPending && <X />}
        </Button>
      </CardHeader>
      <ol className="grid gap-2 px-3 pb-3 sm:grid-cols-2 xl:grid-cols-4">
        {steps.map((step, index) => (
          <StepLink key={step.id} step={step} number={index + 1} isNext={step === next} />
        ))}
      </ol>
    </Card>
  );
}

function StepLink({ step, number, isNext }: { step: Step; number: number; isNext: boolean }) {
  const text = texts[step.id];
  return (
    <li>
      <Link
        href={text.href}
        className={cn(
          "group flex h-full gap-3 rounded-lg border px-3 py-2.5 transition-colors hover:bg-muted/60",
          isNext && "border-accent/40 bg-accent/5",
        )}
      >
        <span
          className={cn(
            "mt-px flex size-5 shrink-0 items-center justify-center rounded-full border font-medium text-2xs",
            step.done ? "border-success bg-success text-background" : "text-muted-foreground",
            isNext && "border-accent text-accent",
          )}
        >
          {step.done ? <Check aria-hidden className="size-3" strokeWidth={3} /> : number}
        </span>
        <span className="min-w-0 flex-1">
          <span className={cn("block font-medium text-sm", step.done && "text-muted-foreground")}>
            {text.title}
            {step.done && <span className="sr-only"> (done)</span>}
          </span>
          <span className="block text-muted-foreground text-xs">{text.about}</span>
        </span>
        {!step.done && (
          <ArrowRight
            aria-hidden
            className="size-4 shrink-0 text-muted-foreground opacity-0 transition-opacity group-hover:opacity-100"
          />
        )}
      </Link>
    </li>
  );
}
