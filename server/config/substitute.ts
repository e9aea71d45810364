import { type Problem, pathText } from "@/server/config/config-error";

/** `${NAME}` in any text of a JSON document, and `$${`, which stands for a literal `${`. */
const PLACEHOLDER = /\$\$\{|\$\{([^}]*)(\})?/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

type Step = string | number;

export type Substituted = {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Paths whose text could not be resolved and stands as it was written. */
  readonly unresolved: ReadonlySet<string>;
};

/** Puts environment variables into every text of `document` (not into names of fields); what is missing is a problem. */
export function substitute(document: unknown, variable: (name: string) => string | undefined): Substituted {
  const problems: Problem[] = [];
  const text = (written: string, path: string): string => {
    const found: Problem[] = [];
    const resolved = written.replace(
      PLACEHOLDER,
      (match: string, name: string | undefined, closed: string | undefined) => {
        if (match === "$${") return "${";
        if (!closed || !NAME.test(name ?? "")) {
          found.push({
            path,
            message: 'holds a "${" that names no environment variable; write "$${" for a literal "${"',
          });
          return match;
        }
        const value = variable(name ?? "");
        if (value === undefined) found.push({ path, message: `the environment variable ${name} is not set` });
        return value ?? match;
      },
    );
    problems.push(...found);
    return found.length > 0 ? written : resolved;
  };
  const walk = (value: unknown, path: readonly Step[]): unknown => {
    if (typeof value === "string") return text(value, pathText(path));
    if (Array.isArray(value)) return value.map((entry, index) => walk(entry, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, walk(entry, [...path, name])]));
  };
  const value = walk(document, []);
  return { value, problems, unresolved: new Set(problems.map((problem) => problem.path)) };
}
