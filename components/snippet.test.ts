import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { snippet } from "./snippet";

const example = {
  baseUrl: "http://localhost:5000/v1",
  key: "sk-test",
  request: {
    model: "demo",
    messages: [{ role: "user", content: 'It\'s "quoted" – naïve\nline' }],
    temperature: 0.5,
    stop: ["END"],
    stream: true,
  },
};

/** The words a POSIX shell makes of a command line. */
function shellWords(command: string): string[] {
  const script = command.replace(/^curl /, "printf '%s\\0' ");
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
}

describe("curl", () => {
  test("a shell passes on the body exactly, quotes and all", () => {
    const words = shellWords(snippet("curl", example));
    expect(JSON.parse(words.at(-1) ?? "")).toEqual(example.request);
  });
  test("it carries the key and the address", () => {
    const words = shellWords(snippet("curl", example));
    expect(words[0]).toBe("http://localhost:5000/v1/chat/completions");
    expect(words).toContain("Authorization: Bearer sk-test");
  });
});

describe("node", () => {
  test("the body is a JavaScript literal of the same value", () => {
    const code = snippet("node", example);
    const literal = code.slice(code.indexOf("create(") + 7, code.indexOf(");\nfor await"));
    expect(new Function(`return ${literal}`)()).toEqual(example.request);
  });
  test("an answer that is not streamed is printed whole", () => {
    expect(snippet("node", { ...example, request: { model: "demo", messages: [] } })).toContain(
      "console.log(answer.choices[0].message.content);",
    );
  });
});

describe("python", () => {
  test("values are Python's own", () => {
    const code = snippet("python", example);
    expect(code).toContain("    stream=True,");
    expect(code).toContain("    temperature=0.5,");
    expect(code).toContain(String.raw`{"role": "user", "content": "It's \"quoted\" – naïve\nline"},`);
  });
});
