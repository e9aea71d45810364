import { isRecord, listOf } from "@/server/wire/json";

type Node = Record<string, unknown> | unknown[];

/** A longer list than this is a broken path and not what a model wrote. */
const MAX_INDEX = 100_000;

/**
 * A tool call's arguments that arrive leaf by leaf, each with its JSONPath; a text may come in several pieces.
 * Source: Vertex AI, "Streaming function call arguments"; RFC 9535.
 */
export class PartialArgs {
  readonly #root: Record<string, unknown> = {};
  /** The path whose text goes on with the next piece. */
  #open: string | undefined;

  add(partialArgs: unknown): void {
    for (const piece of listOf(partialArgs)) {
      if (!isRecord(piece) || typeof piece.jsonPath !== "string") continue;
      const path = stepsOf(piece.jsonPath);
      if (path.length > 0) this.#set(path, piece);
      this.#open = piece.willContinue === true ? piece.jsonPath : undefined;
    }
  }

  /** The arguments as they are now, as JSON. */
  text(): string {
    return JSON.stringify(this.#root);
  }

  #set(path: readonly (string | number)[], piece: Record<string, unknown>): void {
    let node: Node = this.#root;
    for (const [depth, step] of path.entries()) {
      const next = path[depth + 1];
      if (next === undefined) write(node, step, this.#valueOf(read(node, step), piece));
      else {
        const child = read(node, step);
        const below: Node = isNode(child) ? child : typeof next === "number" ? [] : {};
        write(node, step, below);
        node = below;
      }
    }
  }

  #valueOf(before: unknown, piece: Record<string, unknown>): unknown {
    if (typeof piece.stringValue === "string") {
      return this.#open === piece.jsonPath && typeof before === "string"
        ? before + piece.stringValue
        : piece.stringValue;
    }
    if (typeof piece.numberValue === "number") return piece.numberValue;
    if (typeof piece.boolValue === "boolean") return piece.boolValue;
    return before ?? null;
  }
}

/** `$.a.b[0]['c d']` as its steps; what is no such path has none. */
function stepsOf(jsonPath: string): (string | number)[] {
  const steps: (string | number)[] = [];
  const step = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;
  step.lastIndex = jsonPath.startsWith("$") ? 1 : 0;
  while (step.lastIndex < jsonPath.length) {
    const found = step.exec(jsonPath);
    if (!found) return [];
    const [, dotted, index, single, double] = found;
    if (index !== undefined) {
      if (Number(index) > MAX_INDEX) return [];
      steps.push(Number(index));
    } else steps.push(dotted ?? (single ?? double ?? "").replace(/\\(.)/g, "$1"));
  }
  return steps;
}

function isNode(value: unknown): value is Node {
  return isRecord(value) || Array.isArray(value);
}

function read(node: Node, step: string | number): unknown {
  if (Array.isArray(node)) return typeof step === "number" ? node[step] : undefined;
  return Object.hasOwn(node, step) ? node[step] : undefined;
}

function write(node: Node, step: string | number, value: unknown): void {
  if (!Array.isArray(node)) {
    // Defined and not assigned: a field may be called `__proto__`.
    Object.defineProperty(node, step, { value, enumerable: true, configurable: true, writable: true });
  } else if (typeof step === "number") {
    while (node.length < step) node.push(null);
    node[step] = value;
  }
}
