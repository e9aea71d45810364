import { Download } from "lucide-react";
import { toast } from "sonner";
import { type Inputs, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/ui/menu";

type Choice = Required<Inputs["prices"]["export"]>;

const choices: readonly (Choice & { label: string })[] = [
  { label: "In force and to come, CSV", format: "csv", versions: "current" },
  { label: "In force and to come, JSON", format: "json", versions: "current" },
  { label: "Every version, CSV", format: "csv", versions: "all" },
  { label: "Every version, JSON", format: "json", versions: "all" },
];

/** Saves the prices as a file, which the import reads again. */
export function ExportMenu() {
  const { client } = trpc.useUtils();
  const save = async ({ format, versions }: Choice) => {
    const { text } = await client.prices.export.query({ format, versions });
    const type = format === "csv" ? "text/csv" : "application/json";
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `conduit-prices.${format}`;
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button>
          <Download /> Export
        </Button>
      </MenuTrigger>
      <MenuContent>
        {choices.map(({ label, ...choice }) => (
          <MenuItem
            key={label}
            onSelect={() => {
              save(choice).catch((error: unknown) =>
                toast.error(error instanceof Error ? error.message : String(error)),
              );
            }}
          >
            {label}
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}
