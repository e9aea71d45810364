import { z } from "zod";
import type { Report } from "@/server/config/check";
import type { LooseConfig } from "@/server/config/loose";
import { providerType } from "@/server/providers/registry";

const MIN_KEY_LENGTH = 16;
/** RFC 9110: a field name is a token; a field value is visible characters, spaces and tabs. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const CREDENTIAL = /^[\x21-\x7e]+$/;
/** Some vendors' credentials have parts: they are a JSON object, which is read and not sent. */
const JSON_CREDENTIAL = /^\s*\{[\s\S]*\}\s*$/;
const Moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** Checks each value on its own. Messages hold no value: it may come from a variable. */
export function checkValues(config: LooseConfig, report: Report): void {
  for (const [index, provider] of config.providers.entries()) checkProvider(provider, report, index);
  for (const [index, model] of config.models.entries()) checkModel(model, report, index);
  for (const [index, group] of config.groups.entries()) {
    checkName(group.name, ["groups", index, "name"], report);
    checkBudgets(group.budgets, ["groups", index, "budgets"], report);
  }
  for (const [index, rule] of config.rules.entries()) checkName(rule.name, ["rules", index, "name"], report);
  for (const [index, key] of config.virtualKeys.entries()) checkVirtualKey(key, report, index);
}

function checkProvider(provider: LooseConfig["providers"][number], report: Report, index: number): void {
  const path = ["providers", index];
  if (provider.name && /[\s/]/.test(provider.name)) {
    report([...path, "name"], 'must not hold white space or a "/"; callers write provider/model');
  }
  const type = provider.type === undefined ? undefined : providerType(provider.type);
  if (type?.baseUrl === null && provider.baseUrl === undefined) {
    report([...path, "baseUrl"], `is missing; the type "${type.id}" has no address of its own`);
  }
  if (type?.local && provider.baseUrl !== undefined)
    report([...path, "baseUrl"], `must be left out; the type "${type.id}" has no address`);
  else if (provider.baseUrl) checkBaseUrl(provider.baseUrl, [...path, "baseUrl"], report);
  if (type && !type.listModels && provider.probeSeconds !== undefined)
    report([...path, "probeSeconds"], `must be left out; the type "${type.id}" has no list of models to ask for`);
  for (const [name, value] of Object.entries(provider.headers)) {
    if (!HEADER_NAME.test(name)) report([...path, "headers", name], "is not a valid name of a header");
    if (!HEADER_VALUE.test(value ?? ""))
      report([...path, "headers", name], "holds a line break or another character that a header cannot carry");
  }
  for (const [at, { name, apiKey }] of provider.keys.entries()) {
    checkName(name, [...path, "keys", at, "name"], report);
    if (apiKey && !JSON_CREDENTIAL.test(apiKey)) checkCredential(apiKey, [...path, "keys", at, "apiKey"], report);
  }
}

function checkModel(model: LooseConfig["models"][number], report: Report, index: number): void {
  const path = ["models", index];
  if (model.name && /[\s*]/.test(model.name)) {
    report([...path, "name"], 'must not hold white space or a "*"; keys use the star to match many models');
  }
  if (model.deployments.length + model.fallbacks.length === 0) {
    report([...path, "deployments"], "is missing; a model needs deployments or fallbacks");
  }
  for (const [at, { price }] of model.deployments.entries()) {
    if (!price || Object.keys(price).length > 0) continue;
    report([...path, "deployments", at, "price"], "needs at least one rate; leave it out to use the price library");
  }
}

function checkVirtualKey(key: LooseConfig["virtualKeys"][number], report: Report, index: number): void {
  const path = ["virtualKeys", index];
  checkName(key.name, [...path, "name"], report);
  if (key.key !== undefined && key.key.length < MIN_KEY_LENGTH) {
    report([...path, "key"], `must have at least ${MIN_KEY_LENGTH} characters; it has ${key.key.length}`);
  } else if (key.key !== undefined) checkCredential(key.key, [...path, "key"], report);
  for (const [at, pattern] of key.models.entries()) {
    if (pattern?.slice(0, -1).includes("*"))
      report([...path, "models", at], 'may hold a "*" only as its last character');
  }
  for (const [at, { model }] of key.modelLimits.entries()) {
    if (model?.slice(0, -1).includes("*"))
      report([...path, "modelLimits", at, "model"], 'may hold a "*" only as its last character');
  }
  checkBudgets(key.budgets, [...path, "budgets"], report);
  if (key.expiresAt !== undefined && !Moment.safeParse(key.expiresAt).success) {
    report(
      [...path, "expiresAt"],
      "must be a date such as 2030-01-31, a date and time such as 2030-01-31T12:00:00Z, or null",
    );
  }
}

function checkBudgets(
  budgets: LooseConfig["groups"][number]["budgets"],
  path: readonly (string | number)[],
  report: Report,
): void {
  for (const [at, { period, hours, timeZone, models }] of budgets.entries()) {
    if (period === "hours" && hours === undefined) report([...path, at, "hours"], "is missing; say how many");
    if (period !== undefined && period !== "hours" && hours !== undefined)
      report([...path, at, "hours"], 'belongs to the period "hours" alone');
    if (timeZone !== undefined && !isTimeZone(timeZone))
      report([...path, at, "timeZone"], "must be the name of a time zone, such as Europe/Vienna");
    for (const [place, pattern] of models.entries()) {
      if (pattern?.slice(0, -1).includes("*"))
        report([...path, at, "models", place], 'may hold a "*" only as its last character');
    }
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    // The constructor's way to say that there is none of this name.
    return false;
  }
}

function checkName(name: string | undefined, path: readonly (string | number)[], report: Report): void {
  if (name === undefined) return;
  if (name !== name.trim() || /\p{Cc}/u.test(name))
    report(path, "must not begin or end with white space or hold control characters");
}

function checkCredential(credential: string, path: readonly (string | number)[], report: Report): void {
  if (!CREDENTIAL.test(credential))
    report(path, "holds white space, a line break or another character that cannot be sent in a header");
}

function checkBaseUrl(written: string, path: readonly (string | number)[], report: Report): void {
  const url = URL.parse(written);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) {
    report(path, "must be a URL that begins with https:// or http://");
    return;
  }
  if (url.username || url.password)
    report(path, "must not contain a user name or password; put the credential into keys");
  if (url.search || url.hash) report(path, "must not have a query or a fragment");
}
