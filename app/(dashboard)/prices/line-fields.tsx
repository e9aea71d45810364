import { X } from "lucide-react";
import type { z } from "zod";
import { errorAt, type FormErrors } from "@/components/form";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import type { PriceLine } from "@/server/api/prices.schema";
import { type RateLine, type RateName, rateOptions } from "./rates";

const conditions = [
  { name: "above", label: "Above input tokens", placeholder: "above tokens" },
  { name: "size", label: "Size", placeholder: "size, 1024x1024" },
  { name: "quality", label: "Quality", placeholder: "quality" },
  { name: "resolution", label: "Resolution", placeholder: "resolution, 1080p" },
  { name: "tier", label: "Service tier", placeholder: "tier, flex" },
] as const;
type Condition = (typeof conditions)[number]["name"];

/** A line of a price as typed; empty conditions are none. `id` tells lines apart while they are edited. */
export type LineValues = { id: string; rate: RateName; value: string } & Record<Condition, string>;

const none = { above: "", size: "", quality: "", resolution: "", tier: "" };

/** A line that only says what it is a rate of. */
export function emptyLine(rate: RateName): LineValues {
  return { id: crypto.randomUUID(), rate, value: "", ...none };
}

/** A stored line as fields hold it. */
export function lineValues({ rate, value, above, size, quality, resolution, tier }: RateLine): LineValues {
  const conditionsHeld = {
    above: above?.toString() ?? "",
    size: size ?? "",
    quality: quality ?? "",
    resolution: resolution ?? "",
    tier: tier ?? "",
  };
  return { ...emptyLine(rate), value, ...conditionsHeld };
}

/** A line as the API takes it, with the conditions that its kind of rate can have. */
export function lineInput(line: LineValues): z.input<typeof PriceLine> {
  const { rate, value, above } = line;
  const can = conditionsOf(rate);
  const text = (name: Exclude<Condition, "above">) =>
    can.includes(name) && line[name].trim() !== "" ? { [name]: line[name] } : {};
  return {
    rate,
    value,
    ...(can.includes("above") && above.trim() !== "" && { above: Number(above) }),
    ...text("size"),
    ...text("quality"),
    ...text("resolution"),
    ...text("tier"),
  };
}

/** What can narrow a rate down. */
function conditionsOf(rate: RateName): readonly Condition[] {
  if (rate === "image") return ["size", "quality"];
  if (rate === "videoSecond") return ["resolution"];
  if (rate === "tier") return ["tier"];
  const tokens: readonly RateName[] = ["input", "cachedInput", "cacheWrite", "cacheWrite1h", "output", "reasoning"];
  return tokens.includes(rate) || rate === "audioInput" || rate === "audioOutput" ? ["above"] : [];
}

type LineFieldsProps = {
  line: LineValues;
  errors: FormErrors;
  path: string;
  onChange: (line: LineValues) => void;
  onRemove: () => void;
};

/** One rate with its number and its conditions. */
export function LineFields({ line, errors, path, onChange, onRemove }: LineFieldsProps) {
  const label = rateOptions.find((option) => option.value === line.rate)?.label ?? line.rate;
  const problem = errorAt(errors, path);
  const can = conditionsOf(line.rate);
  return (
    <li>
      <div className="flex flex-wrap items-center gap-2">
        <Select
          aria-label="Rate"
          className="w-40 grow"
          value={line.rate}
          options={rateOptions}
          onValueChange={(rate) => onChange({ ...line, rate })}
        />
        <Input
          aria-label={`${label}: number`}
          aria-invalid={errors[`${path}.value`] !== undefined}
          inputMode="decimal"
          placeholder="0.00"
          className="w-24 tabular-nums"
          value={line.value}
          onChange={(event) => onChange({ ...line, value: event.target.value })}
        />
        {conditions
          .filter(({ name }) => can.includes(name))
          .map(({ name, label: condition, placeholder }) => (
            <Input
              key={name}
              aria-label={`${label}: ${condition.toLowerCase()}`}
              aria-invalid={errors[`${path}.${name}`] !== undefined}
              placeholder={placeholder}
              className={cn("w-32", can.length > 1 && "w-28")}
              value={line[name]}
              onChange={(event) => onChange({ ...line, [name]: event.target.value })}
            />
          ))}
        <Button variant="ghost" size="icon" aria-label={`Remove ${label}`} onClick={onRemove}>
          <X />
        </Button>
      </div>
      {problem && (
        <p role="alert" className="mt-1 text-danger text-xs">
          {problem}
        </p>
      )}
    </li>
  );
}
