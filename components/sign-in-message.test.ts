import { expect, test } from "vitest";
import { destination, signInMessage } from "./sign-in-message";

test("after signing in the page that was asked for opens", () => {
  expect(destination("/calls?model=demo")).toBe("/calls?model=demo");
  expect(destination(null)).toBe("/overview");
});

test.each(["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])(
  "%s cannot send the admin to another site",
  (next) => expect(destination(next)).toBe("/overview"),
);

test("a refusal is said in words", () => {
  expect(signInMessage("CredentialsSignin")).toBe("Wrong password");
  expect(signInMessage(undefined)).toBe("Wrong password");
  expect(signInMessage("Too many attempts, try again in 8 s")).toBe("Too many attempts, try again in 8 s");
});
