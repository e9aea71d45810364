import type { Checked, Report } from "@/server/config/check";
import { didYouMean } from "@/server/config/suggest";
import { providerTypes } from "@/server/providers/registry";

type Step = string | number;
/** A name in the file: where it stands, what it resolves to, and how it was written. */
type Mention = { readonly path: readonly Step[]; readonly name: string; readonly written: string };

const fallbackLists = ["fallbacks", "fallbacksOnContext", "fallbacksOnPolicy"] as const;

/** Checks that every name that is referred to exists, that none exists twice, and that fallbacks do not lead in a circle. */
export function checkReferences(checked: Checked, report: Report): void {
  const providers = declared(checked, "providers");
  const models = declared(checked, "models");
  const groups = declared(checked, "groups");
  const keys = declared(checked, "virtualKeys");
  for (const names of [providers, models, groups, keys, declared(checked, "rules")]) refuseDuplicates(names, report);
  checkProviders(checked, report);
  checkModels(checked, { providers, models }, report);
  checkKeys(checked, groups, report);
  refuseLoops(checked, report);
}

function checkProviders({ resolved, written }: Checked, report: Report): void {
  for (const [index, provider] of resolved.providers.entries()) {
    const said = written.providers[index];
    const type = mention(["providers", index, "type"], provider.type, said?.type);
    if (type && !providerTypes.has(type.name)) {
      const known = [...providerTypes.keys()];
      report(
        type.path,
        `there is no provider type "${type.written}"${didYouMean(type.written, known)} (known: ${known.join(", ")})`,
      );
    }
    const keys = provider.keys.map(({ name }, at) =>
      mention(["providers", index, "keys", at, "name"], name, said?.keys[at]?.name),
    );
    refuseDuplicates(
      keys.filter((key) => key !== undefined),
      report,
    );
  }
}

function checkModels(
  { resolved, written }: Checked,
  known: { providers: Mention[]; models: Mention[] },
  report: Report,
): void {
  for (const [index, model] of resolved.models.entries()) {
    const said = written.models[index];
    const seen = new Map<string, number>();
    for (const [at, deployment] of model.deployments.entries()) {
      const path = ["models", index, "deployments", at];
      const provider = mention([...path, "provider"], deployment.provider, said?.deployments[at]?.provider);
      requireKnown(provider, known.providers, { noun: "provider", report });
      const identity = JSON.stringify([deployment.provider, deployment.model]);
      const first = seen.get(identity);
      if (first !== undefined) report(path, `is the same provider and model as deployments[${first}]`);
      else if (deployment.provider !== undefined && deployment.model !== undefined) seen.set(identity, at);
    }
    for (const list of fallbackLists) {
      for (const [at, name] of model[list].entries()) {
        const fallback = mention(["models", index, list, at], name, said?.[list][at]);
        requireKnown(fallback, known.models, { noun: "model", report });
      }
    }
  }
}

function checkKeys({ resolved, written }: Checked, groups: Mention[], report: Report): void {
  const values = new Map<string, number>();
  for (const [index, key] of resolved.virtualKeys.entries()) {
    const said = written.virtualKeys[index];
    requireKnown(mention(["virtualKeys", index, "group"], key.group, said?.group), groups, { noun: "group", report });
    const first = values.get(key.key ?? "");
    if (first !== undefined) report(["virtualKeys", index, "key"], `is the same key as virtualKeys[${first}].key`);
    else if (key.key) values.set(key.key, index);
    const limited = key.modelLimits.map(({ model }, at) =>
      mention(["virtualKeys", index, "modelLimits", at, "model"], model, said?.modelLimits[at]?.model),
    );
    refuseDuplicates(
      limited.filter((one) => one !== undefined),
      report,
    );
  }
  for (const list of ["groups", "virtualKeys"] as const) {
    for (const [index, { budgets }] of resolved[list].entries()) refuseTwins(budgets, [list, index, "budgets"], report);
  }
}

type Budgets = Checked["resolved"]["groups"][number]["budgets"];

/** Two budgets of one period for the same models say the same, unless one only warns. */
function refuseTwins(budgets: Budgets, path: readonly Step[], report: Report): void {
  const seen = new Set<string>();
  for (const [at, { period, hours, models, soft = false }] of budgets.entries()) {
    if (period === undefined) continue;
    const covered = JSON.stringify([period, hours ?? null, models, soft]);
    if (seen.has(covered)) report([...path, at, "period"], `"${period}" stands here more than once`);
    seen.add(covered);
  }
}

/** Follows fallbacks from each model; one report for each way back to a model on the path that led there. */
function refuseLoops({ resolved, written }: Checked, report: Report): void {
  const indexes = new Map(resolved.models.map(({ name }, index) => [name, index]));
  const done = new Set<number>();
  const visit = (index: number, trail: readonly number[]): void => {
    if (done.has(index)) return;
    const model = resolved.models[index];
    const named = model ? fallbackLists.flatMap((list) => model[list].map((name, at) => ({ list, at, name }))) : [];
    for (const { list, at, name } of named) {
      const next = name === undefined ? undefined : indexes.get(name);
      if (next === undefined) continue;
      const begin = [...trail, index].indexOf(next);
      if (begin < 0) visit(next, [...trail, index]);
      else {
        const loop = [...[...trail, index].slice(begin), next].map((step) => written.models[step]?.name ?? "?");
        report(["models", index, list, at], `leads in a circle: ${loop.join(" → ")}`);
      }
    }
    done.add(index);
  };
  for (const index of resolved.models.keys()) visit(index, []);
}

function declared(
  { resolved, written }: Checked,
  list: "providers" | "models" | "groups" | "virtualKeys" | "rules",
): Mention[] {
  return resolved[list].flatMap(
    ({ name }, index) => mention([list, index, "name"], name, written[list][index]?.name) ?? [],
  );
}

function mention(path: readonly Step[], name: string | undefined, written: string | undefined): Mention | undefined {
  return name === undefined ? undefined : { path, name, written: written ?? name };
}

function requireKnown(
  used: Mention | undefined,
  known: readonly Mention[],
  { noun, report }: { noun: string; report: Report },
): void {
  if (!used || known.some(({ name }) => name === used.name)) return;
  const suggestion = didYouMean(
    used.written,
    known.map(({ written }) => written),
  );
  report(used.path, `there is no ${noun} named "${used.written}" in this file${suggestion}`);
}

function refuseDuplicates(names: readonly Mention[], report: Report): void {
  const seen = new Set<string>();
  for (const { path, name, written } of names) {
    if (seen.has(name)) report(path, `"${written}" stands here more than once`);
    seen.add(name);
  }
}
