/** Something in conduit.json that cannot be used: where it is, as `models[0].deployments[1].provider`, and what to do. */
export type Problem = { readonly path: string; readonly message: string };

/** Every problem of one configuration file; the message lists them all and holds no resolved `${NAME}`. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const lines = problems.map(({ path, message }) => `  ${path ? `${path}: ` : ""}${message}`);
    super(`${file} cannot be used:\n${lines.join("\n")}`);
    this.problems = problems;
  }
}

/** A place in a JSON document as a person writes it: `providers[0].headers["x-team"]`; empty for the whole document. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!/^[A-Za-z_$][\w$]*$/.test(String(step))) return `${text}[${JSON.stringify(String(step))}]`;
    return text ? `${text}.${String(step)}` : String(step);
  }, "");
}
