import { useState } from "react";
import { Field } from "@/components/field";
import { errorAt, type Form, refusalOf } from "@/components/form";
import { ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import type { KeyValues } from "./key-values";

/** No group's id is this. */
const none = "none";
const add = "add";

/** Chooses the group that owns the key, or makes a new one on the spot. */
export function GroupField({ form: { values, errors, set } }: { form: Form<KeyValues> }) {
  const groups = trpc.groups.list.useQuery();
  const [adding, setAdding] = useState(false);
  const options = [
    { value: none, label: "No group" },
    ...(groups.data ?? []).map((group) => ({ value: group.id, label: group.name })),
    { value: add, label: "New group…" },
  ];
  if (adding)
    return (
      <NewGroupField
        onDone={(groupId) => {
          if (groupId) set({ groupId });
          setAdding(false);
        }}
      />
    );
  return (
    <Field label="Group" optional error={errorAt(errors, "groupId")}>
      {({ id }) => (
        <Select
          id={id}
          value={values.groupId || none}
          options={options}
          onValueChange={(next) => (next === add ? setAdding(true) : set({ groupId: next === none ? "" : next }))}
        />
      )}
    </Field>
  );
}

function NewGroupField({ onDone }: { onDone: (groupId?: string) => void }) {
  const create = trpc.groups.create.useMutation({ meta: ownError });
  const utils = trpc.useUtils();
  const [name, setName] = useState("");
  const problem = create.error ? Object.values(refusalOf(create.error))[0] : undefined;
  const save = async () => {
    const { id } = await create.mutateAsync({ name });
    // The select shows the new group's name as soon as it is chosen.
    await utils.groups.list.refetch();
    onDone(id);
  };
  return (
    <Field label="New group" error={problem}>
      {(control) => (
        <div className="flex gap-2">
          <Input
            {...control}
            autoFocus
            placeholder="team-a"
            value={name}
            onChange={(event) => setName(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              save().catch(ignoreShown);
            }}
          />
          <Button loading={create.isPending} disabled={name.trim() === ""} onClick={() => save().catch(ignoreShown)}>
            Create
          </Button>
          <Button variant="ghost" onClick={() => onDone()}>
            Cancel
          </Button>
        </div>
      )}
    </Field>
  );
}

/** The mutation keeps its error, and the field shows it. */
function ignoreShown(): undefined {
  return undefined;
}
