import { AddByName } from "@/components/add-by-name";
import { errorAt, type Form } from "@/components/form";
import { MultiSelect } from "@/components/multi-select";
import { trpc } from "@/components/trpc";
import { Tabs, TabsList, TabsTrigger } from "@/components/ui/tabs";
import type { KeyValues } from "./key-values";

/** Which models the key may use: every one, or those that are ticked. */
export function ModelsField({ form: { values, errors, set } }: { form: Form<KeyValues> }) {
  const models = trpc.models.list.useQuery();
  const error = errorAt(errors, "models");
  const names = (models.data ?? []).map((model) => model.name);
  const patterns = values.models.filter((model) => !names.includes(model));
  return (
    <div>
      <div className="mb-1.5 flex items-center justify-between">
        <span className="font-medium text-sm">Models</span>
        <Tabs value={values.allModels ? "all" : "some"} onValueChange={(next) => set({ allModels: next === "all" })}>
          <TabsList aria-label="Which models">
            <TabsTrigger value="all">All</TabsTrigger>
            <TabsTrigger value="some">Selected</TabsTrigger>
          </TabsList>
        </Tabs>
      </div>
      {values.allModels ? (
        <p className="text-muted-foreground text-xs">Every model, also those that are added later.</p>
      ) : (
        <div className="space-y-2">
          <MultiSelect
            label="Models"
            placeholder="Search models…"
            options={[
              ...patterns.map((name) => ({
                value: name,
                label: name,
                note: name.endsWith("*") ? "pattern" : "not set up",
              })),
              ...names.map((name) => ({ value: name, label: name })),
            ]}
            selected={new Set(values.models)}
            onChange={(selected) => set({ models: [...selected] })}
          />
          <AddByName
            label="Model name or pattern"
            placeholder="Or a pattern, such as gpt-* or openai/*"
            action="Add"
            onAdd={(name) => set({ models: [...new Set([...values.models, name])] })}
          />
        </div>
      )}
      {error && (
        <p role="alert" className="mt-1 text-danger text-xs">
          {error}
        </p>
      )}
    </div>
  );
}
