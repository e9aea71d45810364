import { useOrigin } from "@/components/origin";
import { Snippets } from "@/components/snippets";
import type { Outputs } from "@/components/trpc";
import { Dialog, DialogBody, DialogContent } from "@/components/ui/dialog";
import { chatBody, type Settings } from "./settings";
import type { Turn } from "./use-chat";

type CodeDialogProps = {
  virtualKey: Outputs["keys"]["list"][number] | undefined;
  settings: Settings;
  turns: readonly Turn[];
  onClose: () => void;
};

/** The last call of the conversation as code. The key's text is not known here, so its place is marked. */
export function CodeDialog({ virtualKey, settings, turns, onClose }: CodeDialogProps) {
  const origin = useOrigin();
  const last = turns.at(-1);
  const request = { ...chatBody(settings, turns.slice(0, -1), last?.question ?? "Hello!"), stream: true };
  const key = virtualKey ? `${virtualKey.prefix}…${virtualKey.last4}` : "your-key";
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        title="Show as code"
        description="Put the whole key in place of its beginning and end."
        className="max-w-2xl"
      >
        <DialogBody>
          <Snippets example={{ baseUrl: `${origin}/v1`, key, request }} />
        </DialogBody>
      </DialogContent>
    </Dialog>
  );
}
