import { checkConfig } from "@/server/config/check";
import { ConfigError } from "@/server/config/config-error";
import { ConfigFile } from "@/server/config/schema";
import { shapeProblems } from "@/server/config/shape-problems";
import { substitute } from "@/server/config/substitute";
import { type NanoUsd, nanoFromUsd, type Rates } from "@/server/money";
import { describeVirtualKey, Secret } from "@/server/secret";
import { type Limits, type ModelLimits, readLimits } from "@/server/state/limits-kinds";

type File<List extends keyof ConfigFile> = NonNullable<ConfigFile[List]> extends readonly (infer Item)[] ? Item : never;

/** conduit.json, checked and ready to apply: variables resolved, credentials hidden, money in nano-dollars. */
export type Config = {
  readonly providers: readonly ConfigProvider[];
  readonly models: readonly ConfigModel[];
  readonly groups: readonly ConfigGroup[];
  readonly virtualKeys: readonly ConfigVirtualKey[];
  readonly rules: readonly ConfigRule[];
  /** Of the whole gateway; null = the file says nothing of them. */
  readonly limits: Limits | null;
};

export type ConfigGroup = Limits & {
  readonly name: string;
  /** Null = the file says nothing of it. */
  readonly externalId: string | null;
  readonly balanceNano: NanoUsd | null;
  readonly budgets: readonly ConfigBudget[];
};

export type ConfigBudget = Omit<File<"groups">["budgets"][number], "limitUsd" | "hours"> & {
  readonly hours: number | null;
  readonly limitNano: NanoUsd;
};

export type ConfigProvider = Omit<File<"providers">, "baseUrl" | "keys"> & {
  /** Null means the provider type's own address. */
  readonly baseUrl: string | null;
  readonly keys: readonly (Omit<File<"providers">["keys"][number], "apiKey"> & { readonly apiKey: Secret })[];
};

export type ConfigDeployment = Omit<File<"models">["deployments"][number], "price"> & {
  /** Null means the price library's. */
  readonly price: Rates | null;
};

export type ConfigRule = File<"rules">;

export type ConfigModel = Omit<File<"models">, "deployments"> & { readonly deployments: readonly ConfigDeployment[] };

export type ConfigVirtualKey = Limits & {
  readonly name: string;
  readonly hash: string;
  readonly prefix: string;
  readonly last4: string;
  readonly group: string | null;
  readonly models: readonly string[];
  readonly cache: boolean;
  readonly strict: boolean;
  readonly expiresAt: Date | null;
  readonly budgets: readonly ConfigBudget[];
  readonly modelLimits: readonly ModelLimits[];
};

/** What `parseConfig` gives: the configuration, and its resolved text, to tell whether anything changed. */
export type ParsedConfig = { readonly config: Config; readonly resolved: Secret };

/**
 * Reads the text of a configuration file; `file` is its name in messages. Throws one ConfigError that lists every
 * problem.
 */
export function parseConfig(text: string, file: string, variable: (name: string) => string | undefined): ParsedConfig {
  const written = parseJson(text, file);
  const { value, problems, unresolved } = substitute(written, variable);
  const shaped = ConfigFile.safeParse(value, { reportInput: true });
  const shape = shaped.success ? [] : shapeProblems(shaped.error.issues);
  // What has the wrong type says nothing more that could be checked.
  const checked = checkConfig(value, written).filter(({ path }) => !shape.some((problem) => holds(problem.path, path)));
  // What is wrong with a text whose variable is missing is not known yet.
  const found = [...shape, ...checked].filter(({ path }) => !unresolved.has(path));
  const all = [...problems, ...found];
  if (!shaped.success || all.length > 0) throw new ConfigError(file, all);
  return { config: toConfig(shaped.data), resolved: new Secret(JSON.stringify(shaped.data)) };
}

function holds(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
}

/** The parser's own message quotes the text around the fault, which may be a credential: only the place is told. */
function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const place = /\(line (\d+) column (\d+)\)/.exec(String(error));
    const where = place ? ` at line ${place[1]}, column ${place[2]}` : "";
    const hint = /end of JSON/.test(String(error))
      ? "it ends too early"
      : "a quote, comma or bracket is missing or too many, or there is a comment";
    throw new ConfigError(file, [{ path: "", message: `is not valid JSON${where}: ${hint}` }]);
  }
}

function toConfig(file: ConfigFile): Config {
  return {
    providers: file.providers.map((provider) => ({
      ...provider,
      baseUrl: provider.baseUrl === undefined ? null : new URL(provider.baseUrl).href.replace(/\/+$/, ""),
      keys: provider.keys.map((key) => ({ ...key, apiKey: new Secret(key.apiKey) })),
    })),
    models: file.models.map((model) => ({
      ...model,
      deployments: model.deployments.map((deployment) => ({
        ...deployment,
        price: deployment.price ? toRates(deployment.price) : null,
      })),
    })),
    groups: file.groups.map(({ name, externalId, balanceUsd, budgets, limits }) => ({
      name,
      externalId: externalId ?? null,
      budgets: budgets.map(toBudget),
      balanceNano: balanceUsd === undefined ? null : nanoFromUsd(balanceUsd),
      ...readLimits(limits),
    })),
    virtualKeys: file.virtualKeys.map(toVirtualKey),
    rules: file.rules,
    limits: file.limits ? readLimits(file.limits) : null,
  };
}

function toVirtualKey(written: File<"virtualKeys">): ConfigVirtualKey {
  const { name, key, group, models, expiresAt, budgets, limits, modelLimits, cache, strict } = written;
  return {
    name,
    ...describeVirtualKey(key),
    group: group ?? null,
    models,
    cache,
    strict,
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
    budgets: budgets.map(toBudget),
    ...readLimits(limits),
    modelLimits: modelLimits.map(({ model, ...some }) => ({ model, ...readLimits(some) })),
  };
}

function toBudget({ limitUsd, hours, ...budget }: File<"groups">["budgets"][number]): ConfigBudget {
  return { ...budget, hours: hours ?? null, limitNano: nanoFromUsd(limitUsd) };
}

function toRates(price: NonNullable<File<"models">["deployments"][number]["price"]>): Rates {
  const rates: Rates = {};
  const take = (rate: Exclude<keyof Rates, "tierPermille">, usd: number | undefined): void => {
    // Rates are at most 1e15 nano-dollars (the schema's limit), exact as a number.
    if (usd !== undefined) rates[rate] = Number(nanoFromUsd(usd));
  };
  take("input", price.inputPerMillion);
  take("cachedInput", price.cachedInputPerMillion);
  take("cacheWrite", price.cacheWritePerMillion);
  take("cacheWrite1h", price.cacheWrite1hPerMillion);
  take("output", price.outputPerMillion);
  take("reasoning", price.reasoningPerMillion);
  take("audioInput", price.audioInputPerMillion);
  take("audioOutput", price.audioOutputPerMillion);
  take("request", price.perCall);
  return rates;
}
