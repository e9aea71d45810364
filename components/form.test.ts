import { expect, test } from "vitest";
import { z } from "zod";
import { problems, refusalOf, without } from "./form";

const schema = z.object({
  name: z.string().min(1, "A name is needed."),
  keys: z.array(z.object({ apiKey: z.string().min(1, "A key is needed.") })),
});

test("each field gets its first problem, by its path", () => {
  expect(problems(schema, { name: "", keys: [{ apiKey: "x" }, { apiKey: "" }] })).toEqual({
    name: "A name is needed.",
    "keys.1.apiKey": "A key is needed.",
  });
});

test("good input has no problems", () => expect(problems(schema, { name: "a", keys: [] })).toEqual({}));

test("editing a field clears its problem, those below it and the server's, and leaves the others", () => {
  const errors = { "": "Name is taken.", name: "A", "keys.0.apiKey": "B", keysets: "C" };
  expect(without(errors, ["keys"])).toEqual({ name: "A", keysets: "C" });
});

test("a refusal of the API lands at the field it names, else at the form", () => {
  const named = Object.assign(new Error("x"), {
    data: { fieldErrors: { name: ["There is one with this name already."] } },
  });
  expect(refusalOf(named)).toEqual({ name: "There is one with this name already." });
  const general = Object.assign(new Error("It is managed by conduit.json."), { data: { fieldErrors: {} } });
  expect(refusalOf(general)).toEqual({ "": "It is managed by conduit.json." });
  expect(refusalOf("gone")).toEqual({ "": "gone" });
});
