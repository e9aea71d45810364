import { FlaskConical } from "lucide-react";
import { useState } from "react";
import { z } from "zod";
import { Field } from "@/components/field";
import { errorAt, useForm } from "@/components/form";
import { headerLines, parseHeaderLines } from "@/components/header-lines";
import { type Outputs, readsOnly, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Textarea } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { SimulationInput } from "@/server/api/routing.schema";
import { SimulationResult } from "./simulation-result";

type Dialect = NonNullable<z.input<typeof SimulationInput>["dialect"]>;

const dialects: readonly { value: Dialect; label: string }[] = [
  { value: "chat", label: "Chat completions" },
  { value: "responses", label: "Responses" },
  { value: "messages", label: "Messages" },
  { value: "completions", label: "Completions" },
  { value: "generateContent", label: "Gemini generateContent" },
  { value: "embeddings", label: "Embeddings" },
];

const start = JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hello!" }] }, null, 2);
const Body = z.record(z.string(), z.json());

type Values = { keyId: string; dialect: Dialect; headers: string; body: string };

/** Asks where a request would go now, and why not elsewhere; nothing is sent. */
export function Simulator() {
  const keys = trpc.keys.list.useQuery();
  const simulate = trpc.routing.simulate.useMutation({ meta: readsOnly });
  const [result, setResult] = useState<Outputs["routing"]["simulate"]>();
  const initial: Values = { keyId: "", dialect: "chat", headers: headerLines({}), body: start };
  const form = useForm({
    initial,
    schema: SimulationInput,
    toInput: ({ keyId, dialect, headers, body }: Values): z.input<typeof SimulationInput> => ({
      keyId: keyId || (keys.data?.[0]?.id ?? ""),
      dialect,
      headers: parseHeaderLines(headers),
      body: bodyOf(body),
    }),
    send: async (input) => setResult(await simulate.mutateAsync(input)),
  });
  const { values, errors, set } = form;
  const bodyError = isObject(values.body) ? errorAt(errors, "body") : "This is not a JSON object.";
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card className="p-4">
        <form onSubmit={form.submit} noValidate className="space-y-4">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Key" error={errors.keyId && "Choose a key."}>
              {({ id }) => (
                <Select
                  id={id}
                  placeholder="Choose…"
                  value={values.keyId || (keys.data?.[0]?.id ?? "")}
                  options={keys.data?.map((key) => ({ value: key.id, label: key.name })) ?? []}
                  onValueChange={(keyId) => set({ keyId })}
                />
              )}
            </Field>
            <Field label="API">
              {({ id }) => (
                <Select
                  id={id}
                  value={values.dialect}
                  options={dialects}
                  onValueChange={(dialect) => set({ dialect })}
                />
              )}
            </Field>
          </div>
          <Field
            label="Request"
            error={bodyError}
            {...(values.dialect === "generateContent" && {
              hint: "With “model”, and “stream” where it is one: they stand for the path.",
            })}
          >
            {(control) => (
              <Textarea
                {...control}
                spellCheck={false}
                className="min-h-40 font-mono text-xs"
                value={values.body}
                onChange={(event) => set({ body: event.target.value })}
              />
            )}
          </Field>
          <Field
            label="Headers"
            optional
            hint="One “Name: value” on each line, such as x-conduit-route: eu"
            error={errorAt(errors, "headers")}
          >
            {(control) => (
              <Textarea
                {...control}
                spellCheck={false}
                className="font-mono text-xs"
                value={values.headers}
                onChange={(event) => set({ headers: event.target.value })}
              />
            )}
          </Field>
          {errors[""] && (
            <p role="alert" className="text-danger text-sm">
              {errors[""]}
            </p>
          )}
          <Button type="submit" variant="primary" loading={form.pending} disabled={!isObject(values.body)}>
            {!form.pending && <FlaskConical />} Where would it go?
          </Button>
        </form>
      </Card>
      <SimulationResult result={result} />
    </div>
  );
}

function isObject(text: string): boolean {
  return parsed(text) !== undefined;
}

function bodyOf(text: string): z.infer<typeof Body> {
  return parsed(text) ?? {};
}

function parsed(text: string): z.infer<typeof Body> | undefined {
  try {
    return Body.safeParse(JSON.parse(text)).data;
  } catch {
    // Told at the field.
    return undefined;
  }
}
