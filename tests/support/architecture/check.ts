import ts from "typescript";
import { importFault } from "@/tests/support/architecture/imports";
import { importsOf, lineOf, parse, type Tree, visit } from "@/tests/support/architecture/source";

/** A broken rule: where, and what is wrong. */
export type Violation = { readonly rule: Rule; readonly path: string; readonly line: number; readonly fault: string };
export type Rule = "imports" | "environment" | "purity" | "vendors" | "size" | "folders" | "pages" | "endpoints";

const MAX_LINES = 300;
const topLevel = new Set([
  "app",
  "components",
  "server",
  "prisma",
  "public",
  "tests",
  "bench",
  "docs",
  "clients",
  "cli",
  "deploy",
  ".ci",
  ".github",
]);
const VAGUE = /(^|\/)(lib|libs|util|utils|helper|helpers|service|services|manager|managers|types)\//;

/** Vendors whose names belong below server/providers. OpenAI, Anthropic and Gemini also name dialects that callers speak. */
const VENDORS =
  /groq|mistral|cohere|bedrock|vertex|deepseek|perplexity|fireworks|togetherai|together\.ai|replicate|moonshot|alibaba|dashscope|cerebras|sambanova|openrouter|voyage|\bxai\b|\bx\.ai\b|azure/i;
const DIALECTS = /anthropic|claude|gemini/i;

/** Every broken rule in a tree of sources. */
export function check(sources: Tree, folders: readonly string[]): Violation[] {
  const found: Violation[] = [];
  for (const [path, text] of sources) {
    const file = parse(path, text);
    const add = (rule: Rule, node: ts.Node | undefined, fault: string): void => {
      found.push({ rule, path, line: node ? lineOf(file, node) : 1, fault });
    };
    for (const one of importsOf(file)) {
      const fault = importFault(path, one);
      if (fault) found.push({ rule: "imports", path, line: one.line, fault });
    }
    if (VAGUE.test(path) && !path.startsWith("clients/"))
      add("folders", undefined, "folders are named for a thing, not lib, utils, helpers, services, managers or types");
    if (isLong(path, text)) add("size", undefined, `is longer than ${MAX_LINES} lines`);
    if (isProduct(path)) visit(file, (node) => checkNode(path, node, add));
  }
  for (const folder of folders) {
    if (!topLevel.has(folder))
      found.push({ rule: "folders", path: folder, line: 1, fault: "is not a folder of the plan" });
  }
  return [...found, ...checkPages(sources), ...checkEndpoints(sources)];
}

function isProduct(path: string): boolean {
  return /^(server|app|components)\//.test(path) && !/\.test\.tsx?$/.test(path);
}

function isLong(path: string, text: string): boolean {
  if (/^(tests|bench|clients)\/|^components\/ui\/|\/generated\//.test(path)) return false;
  return text.trimEnd().split("\n").length > MAX_LINES;
}

type Add = (rule: Rule, node: ts.Node, fault: string) => void;

function checkNode(path: string, node: ts.Node, add: Add): void {
  if (path !== "server/env.ts" && readsEnvironment(node))
    add("environment", node, "only server/env.ts reads process.env");
  if (/^server\/(wire|dialects|providers)\//.test(path)) {
    const impure = impurity(node);
    if (impure) add("purity", node, `a translation must not use ${impure}`);
  }
  const text = wordsOf(node);
  if (text === undefined || path.startsWith("server/providers/")) return;
  if (text.startsWith("@/server/dialects/")) return;
  const vendor = VENDORS.exec(text) ?? (mayNameDialects(path) ? null : DIALECTS.exec(text));
  if (vendor && path.startsWith("server/"))
    add("vendors", node, `"${vendor[0]}" is a vendor's name, which belongs below server/providers`);
}

/** The errors table and the formats spoken with callers name the dialects. */
function mayNameDialects(path: string): boolean {
  return path === "server/errors.ts" || /^server\/(wire|dialects)\//.test(path);
}

function wordsOf(node: ts.Node): string | undefined {
  if (
    ts.isIdentifier(node) ||
    ts.isStringLiteralLike(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node)
  )
    return node.text;
  return ts.isRegularExpressionLiteral(node) ? node.text : undefined;
}

function readsEnvironment(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return isNamed(node.expression, "process") && node.name.text === "env";
  if (ts.isElementAccessExpression(node)) return isNamed(node.expression, "process");
  if (ts.isVariableDeclaration(node)) return node.initializer !== undefined && isNamed(node.initializer, "process");
  if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) return false;
  return /^(node:)?process$/.test(node.moduleSpecifier.text);
}

const impureGlobals = new Set([
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "console",
  "process",
  "performance",
  "crypto",
  "WebSocket",
]);

/** The clock, chance, the network or the log that a node reaches for; undefined when none. */
function impurity(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) {
    const { parent } = node;
    const isProperty =
      (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) &&
      parent.name === node;
    return !isProperty && impureGlobals.has(node.text) ? node.text : undefined;
  }
  if (ts.isNewExpression(node) && isNamed(node.expression, "Date") && !node.arguments?.length) return "new Date()";
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const full = `${ts.isIdentifier(node.expression) ? node.expression.text : ""}.${node.name.text}`;
  return full === "Date.now" || full === "Math.random" ? full : undefined;
}

function isNamed(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}

/** Every page of the dashboard is in the navigation, and every entry there has its page. */
function checkPages(sources: Tree): Violation[] {
  const path = "components/nav.ts";
  const linked = new Set([...(sources.get(path) ?? "").matchAll(/href:\s*"([^"]+)"/g)].map((match) => match[1]));
  const pages = new Set<string>();
  for (const file of sources.keys()) {
    // A page below a noun (`/calls/[id]`) is reached from that noun's own.
    const noun = /^app\/\(dashboard\)\/([\w-]+)\/page\.tsx$/.exec(file)?.[1];
    if (noun) pages.add(`/${noun}`);
  }
  const rule = "pages";
  return [
    ...[...pages]
      .filter((page) => !linked.has(page))
      .map((page) => ({ rule, path, line: 1, fault: `the page ${page} is not in the navigation` }) as const),
    ...[...linked]
      .filter((href) => href && !pages.has(href))
      .map((href) => ({ rule, path, line: 1, fault: `there is no page ${href}` }) as const),
  ];
}

/** Every endpoint of the server mount has a route file for the Next mount, and the other way round. */
function checkEndpoints(sources: Tree): Violation[] {
  const path = "server/http/routes.ts";
  const served = new Set<string>();
  visit(parse(path, sources.get(path) ?? ""), (node) => {
    if (ts.isPropertyAssignment(node) && ts.isStringLiteral(node.name) && node.name.text.startsWith("/"))
      served.add(node.name.text);
  });
  const files = new Set<string>();
  for (const file of sources.keys()) {
    const folder =
      /^app\/((?:v1|v1beta|health|metrics)(?:\/.*)?)\/route\.ts$/.exec(file)?.[1] ??
      (file === "app/metrics/route.ts" ? "metrics" : undefined);
    // The catch-all gives unknown paths their error.
    if (folder && !folder.endsWith("/[[...rest]]"))
      files.add(
        `/${folder.replace(/\[(\.\.\.)?(\w+)\]/g, (_all, rest: string | undefined, name: string) => `{${name}${rest ?? ""}}`)}`,
      );
  }
  const rule = "endpoints";
  return [
    ...[...served]
      .filter((one) => !files.has(one))
      .map((one) => ({ rule, path, line: 1, fault: `${one} has no route file below app/` }) as const),
    ...[...files]
      .filter((one) => !served.has(one))
      .map((one) => ({ rule, path, line: 1, fault: `${one} is not served by the server mount` }) as const),
  ];
}
