/** A chat call to show as code. `baseUrl` ends in /v1; `request` is the OpenAI body. */
export type ChatExample = { baseUrl: string; key: string; request: Record<string, unknown> };

/** The languages that examples are written in. */
export const languages = [
  { id: "curl", label: "curl" },
  { id: "python", label: "Python" },
  { id: "node", label: "Node" },
] as const;
export type Language = (typeof languages)[number]["id"];

/** The call in one language, complete enough to paste and run. */
export function snippet(language: Language, example: ChatExample): string {
  switch (language) {
    case "curl":
      return curl(example);
    case "python":
      return python(example);
    case "node":
      return node(example);
    default:
      return language satisfies never;
  }
}

function curl({ baseUrl, key, request }: ChatExample): string {
  // A single quote inside a single-quoted shell word: end it, add an escaped one, begin again.
  const body = JSON.stringify(request, null, 2).replaceAll("\n", "\n  ").replaceAll("'", String.raw`'\''`);
  return [
    `curl ${baseUrl}/chat/completions${request.stream ? " --no-buffer" : ""} \\`,
    `  -H "Authorization: Bearer ${key}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${body}'`,
  ].join("\n");
}

function python({ baseUrl, key, request }: ChatExample): string {
  const lines = Object.entries(request).map(([name, value]) => `    ${name}=${pythonValue(value, 1)},`);
  const head = [
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url="${baseUrl}", api_key="${key}")`,
    `${request.stream ? "stream" : "answer"} = client.chat.completions.create(`,
    ...lines,
    ")",
  ];
  const tail = request.stream
    ? [
        "for chunk in stream:",
        "    if chunk.choices:",
        '        print(chunk.choices[0].delta.content or "", end="", flush=True)',
      ]
    : ["print(answer.choices[0].message.content)"];
  return [...head, ...tail].join("\n");
}

function node({ baseUrl, key, request }: ChatExample): string {
  const body = JSON.stringify(request, null, 2).replace(/^(\s*)"([A-Za-z_]\w*)":/gm, "$1$2:");
  const head = [
    'import OpenAI from "openai";',
    "",
    `const client = new OpenAI({ baseURL: "${baseUrl}", apiKey: "${key}" });`,
    `const ${request.stream ? "stream" : "answer"} = await client.chat.completions.create(${body});`,
  ];
  const tail = request.stream
    ? ["for await (const chunk of stream) {", '  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");', "}"]
    : ["console.log(answer.choices[0].message.content);"];
  return [...head, ...tail].join("\n");
}

/** A JSON value as a Python literal. */
function pythonValue(value: unknown, depth: number): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null || value === undefined) return "None";
  const indent = "    ".repeat(depth);
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((item) => `${indent}    ${pythonValue(item, depth + 1)},\n`).join("")}${indent}]`;
  }
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([name, item]) => `${JSON.stringify(name)}: ${pythonValue(item, depth + 1)}`,
  );
  return `{${entries.join(", ")}}`;
}
