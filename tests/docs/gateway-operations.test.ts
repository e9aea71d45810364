import { globSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gatewayOperations } from "@/app/docs/gateway-operations";
import { match } from "@/server/http/routes";

const root = join(import.meta.dirname, "../..");

/** The paths with a route of their own; a catch-all gives unknown ones their error. */
const routed = globSync("app/{v1,v1beta,health,metrics}/**/route.ts", { cwd: root })
  .filter((file) => !file.includes("[[..."))
  .map((file) => `/${file.slice("app/".length, -"/route.ts".length)}`);

describe("the reference of the gateway's own endpoints", () => {
  test.each(gatewayOperations.map(({ method, path }) => [method, path]))(
    "%s %s is answered",
    (method = "", path = "") => {
      expect(match(path.replace(/\{\w+\}/g, "x"))?.methods).toHaveProperty(method);
    },
  );

  test.each(routed)("%s is described", (path) => {
    const described = gatewayOperations.map((operation) => operation.path);
    const pattern = path.replace(/\/\[\.\.\.\w+\]/, "/{id}");
    expect(described).toContain(pattern);
  });

  test("no two have the same address on the page", () => {
    const ids = gatewayOperations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
