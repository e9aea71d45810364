import { GatewayError } from "@/server/errors";
import type { Target } from "@/server/providers/provider";
import { textOf } from "@/server/wire/json";

/** The global endpoint; every location has an address of its own. */
export const GLOBAL = "https://aiplatform.googleapis.com";

/** A model as Vertex AI names it: whose it is, and its name there. */
export type PublishedModel = { readonly publisher: "google" | "anthropic"; readonly name: string };

/** Whose a model is, by its name: `claude-…` is Anthropic's. A full name, `publishers/…/models/…`, may be given too. */
export function publishedModel({ model }: Pick<Target, "model">): PublishedModel {
  const name = model.replace(/^(?:publishers\/)?(?:google|anthropic)\/(?:models\/)?/, "");
  return { publisher: name.startsWith("claude-") ? "anthropic" : "google", name };
}

/** Whether the target's model is one of Anthropic's. */
export function isClaude(target: Pick<Target, "model">): boolean {
  return publishedModel(target).publisher === "anthropic";
}

/**
 * The address of a method of a published model. The location is the option `location`, else `global`; the project is the
 * option `project`, else that of the credential. Throws `upstream_denied` for options that cannot stand in an address.
 * Source: Vertex AI, "Deployments and endpoints".
 */
export function endpoint(target: Target, { publisher, name }: PublishedModel, method: string): string {
  const location = locationOf(target);
  const project = option(target, "project", /^[\w.:-]+$/) ?? "{project}";
  const query = method === "streamGenerateContent" ? "?alt=sse" : "";
  const path = `projects/${project}/locations/${location}/publishers/${publisher}/models/${name}:${method}`;
  return `${origin(target)}/v1/${path}${query}`;
}

/** The address without path: that of the location, unless the admin gave one. */
export function origin(target: Target): string {
  const given = target.baseUrl.replace(/\/v1(beta1)?$/, "");
  if (given !== GLOBAL) return given;
  const location = locationOf(target);
  if (location === "global") return GLOBAL;
  // The United States and Europe as a whole are served from addresses of another form.
  if (location === "us" || location === "eu") return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${location}-aiplatform.googleapis.com`;
}

function locationOf(target: Target): string {
  return option(target, "location", /^[a-z0-9-]+$/) ?? "global";
}

function option(target: Target, name: string, form: RegExp): string | undefined {
  const value = textOf(target.options[name]);
  if (value === undefined || form.test(value)) return value;
  throw new GatewayError("upstream_denied", `The provider's option '${name}' is not one of Google Cloud's names.`);
}
