import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import ts from "typescript";

/** One import or re-export of a file. */
export type Import = {
  /** A repository path without its ending (`server/errors`), or a package's specifier (`zod`, `node:http`). */
  readonly target: string;
  readonly own: boolean;
  readonly typeOnly: boolean;
  readonly line: number;
};

/** Source texts by repository path. */
export type Tree = ReadonlyMap<string, string>;

const SOURCE = /\.(ts|tsx|mts|js|mjs|jsx)$/;
const notOurs = new Set(["node_modules", ".git", ".next", ".build", ".node", "data", "test-results", "generated"]);

/** Every source file of the project, and the names of its top-level folders. */
export function readTree(root: string): { sources: Tree; folders: readonly string[] } {
  const sources = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      // What git does not hold is not the project's: build output, data of a developer's own.
      if (notOurs.has(entry.name) || entry.name.startsWith(".build")) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (SOURCE.test(entry.name))
        sources.set(relative(root, path).split(sep).join("/"), readFileSync(path, "utf8"));
    }
  };
  walk(root);
  const folders = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !notOurs.has(entry.name),
  );
  return { sources, folders: folders.map((entry) => entry.name).filter((name) => !name.startsWith(".build")) };
}

/** Parses a file, once. */
export function parse(path: string, text: string): ts.SourceFile {
  const kind = /x$/.test(path) ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
}

/** What a file imports: static, dynamic, re-exported, and through `import("…")` types. */
export function importsOf(file: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node, typeOnly: boolean): void => {
    if (!ts.isStringLiteralLike(specifier)) return;
    const own = /^(@\/|\.\.?\/)/.test(specifier.text);
    found.push({
      target: own ? resolve(file.fileName, specifier.text) : specifier.text,
      own,
      typeOnly,
      line: lineOf(file, specifier),
    });
  };
  visit(file, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, onlyTypes(node.importClause));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && isLoader(node) && node.arguments[0]) add(node.arguments[0], false);
  });
  return found;
}

/** Calls `see` for every node of a file. */
export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** The 1-based line of a node. */
export function lineOf(file: ts.SourceFile, node: ts.Node): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

function onlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const bindings = clause.namedBindings;
  return (
    !clause.name &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.length > 0 &&
    bindings.elements.every((element) => element.isTypeOnly)
  );
}

function isLoader(node: ts.CallExpression): boolean {
  return (
    node.expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(node.expression) && node.expression.text === "require")
  );
}

function resolve(from: string, specifier: string): string {
  const path = specifier.startsWith("@/")
    ? specifier.slice(2)
    : normalize(join(dirname(from), specifier))
        .split(sep)
        .join("/");
  return path.replace(SOURCE, "");
}
