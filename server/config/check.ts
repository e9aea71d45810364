import { checkReferences } from "@/server/config/check-references";
import { checkValues } from "@/server/config/check-values";
import { type Problem, pathText } from "@/server/config/config-error";
import { LooseConfig } from "@/server/config/loose";

/** A configuration with variables put in, and as it was written: messages repeat only what was written. */
export type Checked = { readonly resolved: LooseConfig; readonly written: LooseConfig };

export type Report = (path: readonly (string | number)[], message: string) => void;

/** What a schema cannot say about conduit.json: references, duplicates, loops, addresses, forms of names and keys. */
export function checkConfig(resolved: unknown, written: unknown): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (path, message) => problems.push({ path: pathText(path), message });
  const checked = { resolved: LooseConfig.parse(resolved), written: LooseConfig.parse(written) };
  checkValues(checked.resolved, report);
  checkReferences(checked, report);
  return problems;
}
