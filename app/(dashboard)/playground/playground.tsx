"use client";

import { Code, Eraser, SlidersHorizontal } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { mayUse } from "@/components/allowed-models";
import { PageHeader } from "@/components/page-header";
import { type Outputs, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Dialog, DialogBody, SheetContent } from "@/components/ui/dialog";
import { useUrlState } from "@/components/url-state";
import { CodeDialog } from "./code-dialog";
import { Composer } from "./composer";
import { Conversation } from "./conversation";
import { chatBody, freshSettings, type Settings } from "./settings";
import { SettingsPanel } from "./settings-panel";
import { useChat } from "./use-chat";

type Choices = { keys: Outputs["keys"]["list"]; models: Model[] };
type Model = Outputs["models"]["list"][number];

/** The keys that can be used, and the models that the chosen one may ask for. */
function useChoices(settings: Settings) {
  const keys = trpc.keys.list.useQuery();
  const models = trpc.models.list.useQuery();
  const usable = (keys.data ?? []).filter(
    (key) => key.enabled && (!key.expiresAt || key.expiresAt.getTime() > Date.now()),
  );
  const key = usable.find((candidate) => candidate.id === settings.keyId) ?? usable[0];
  const served = (models.data ?? []).filter(
    (model) =>
      model.enabled && (model.fallbacks.length > 0 || model.deployments.some((deployment) => deployment.enabled)),
  );
  const allowed = served.filter((model) => mayUse(key?.models ?? [], model.name));
  const model = allowed.find(({ name }) => name === settings.model) ?? allowed[0];
  const choices: Choices = { keys: usable, models: allowed };
  const effective: Settings = { ...settings, keyId: key?.id ?? "", model: model?.name ?? "" };
  return { choices, effective, key, isLoading: keys.isPending || models.isPending };
}

/** A chat with a model: the conversation, and beside it key, model and parameters. */
export function Playground() {
  const [params, changeUrl] = useUrlState();
  const [chosen, setChosen] = useState(freshSettings);
  const [open, setOpen] = useState<"settings" | "code">();
  const { choices, effective, key, isLoading } = useChoices({
    ...chosen,
    // In the address, so that a model's page can link here and a reload keeps them.
    keyId: params.get("key") ?? "",
    model: params.get("model") ?? "",
  });
  const chat = useChat((turns, question) => ({ keyId: effective.keyId, body: chatBody(effective, turns, question) }));
  const change = ({ keyId, model, ...patch }: Partial<Settings>) => {
    if (keyId ?? model) changeUrl({ key: keyId ?? effective.keyId, model: model ?? effective.model });
    setChosen({ ...chosen, ...patch });
  };
  const panel = <SettingsPanel settings={effective} choices={choices} isLoading={isLoading} onChange={change} />;
  const close = () => setOpen(undefined);
  return (
    <div className="flex h-[calc(100dvh-6.5rem)] min-h-96 flex-col">
      <PageHeader title="Playground">
        <Button className="lg:hidden" onClick={() => setOpen("settings")}>
          <SlidersHorizontal /> Settings
        </Button>
        <Button onClick={() => setOpen("code")} disabled={effective.model === ""}>
          <Code /> Show as code
        </Button>
        <Button onClick={chat.clear} disabled={chat.turns.length === 0}>
          <Eraser /> Clear
        </Button>
      </PageHeader>
      <div className="flex min-h-0 flex-1 gap-4">
        <Card className="flex min-w-0 flex-1 flex-col">
          <Conversation chat={chat} />
          <Missing choices={choices} isLoading={isLoading} />
          <Composer chat={chat} isReady={effective.keyId !== "" && effective.model !== ""} />
        </Card>
        <Card className="hidden w-72 shrink-0 overflow-y-auto p-4 lg:block">{panel}</Card>
      </div>
      {open === "settings" && (
        <Dialog open onOpenChange={(isOpen) => !isOpen && close()}>
          <SheetContent title="Settings" className="max-w-sm">
            <DialogBody>{panel}</DialogBody>
          </SheetContent>
        </Dialog>
      )}
      {open === "code" && <CodeDialog virtualKey={key} settings={effective} turns={chat.turns} onClose={close} />}
    </div>
  );
}

/** Says what has to be made before anything can be asked. */
function Missing({ choices, isLoading }: { choices: Choices; isLoading: boolean }) {
  if (isLoading || (choices.keys.length > 0 && choices.models.length > 0)) return null;
  const needsKey = choices.keys.length === 0;
  return (
    <p className="border-t bg-warning/8 px-4 py-2.5 text-sm">
      {needsKey ? "There is no enabled key to account the call to. " : "This key may use no model that is set up. "}
      <Link href={needsKey ? "/keys?new=1" : "/providers?pick=1"} className="font-medium text-accent hover:underline">
        {needsKey ? "Create a key" : "Pick models"}
      </Link>
    </p>
  );
}
