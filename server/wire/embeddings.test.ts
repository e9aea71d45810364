import { describe, expect, test } from "vitest";
import { inputCount, inVectorFormat } from "@/server/wire/embeddings";

/** 1.0, -2.5 and the float nearest to 0.1, by hand: little-endian IEEE 754. */
const bytes = [0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x20, 0xc0, 0xcd, 0xcc, 0xcc, 0x3d];
const base64 = Buffer.from(bytes).toString("base64");

describe("vectors in the caller's format", () => {
  test("numbers become little-endian 32-bit floats in base64", () => {
    expect(inVectorFormat([1, -2.5, 0.1], "base64")).toBe(base64);
  });

  test("base64 becomes the numbers that its floats hold", () => {
    expect(inVectorFormat(base64, "float")).toEqual([1, -2.5, Math.fround(0.1)]);
  });

  test("what has the format already is passed on and not copied", () => {
    const vector = [0.1, 1e-45, 12345678.9];
    expect(inVectorFormat(vector, "float")).toBe(vector);
    expect(inVectorFormat("not even base64", "base64")).toBe("not even base64");
    expect(inVectorFormat([], "base64")).toBe("");
  });

  test.each(["AAAA", "!!!!AAAAPw==", "AAAA PwAA"])("%j is no vector", (text) => {
    expect(() => inVectorFormat(text, "float")).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });

  test.each([[[Number.NaN]], [[1, Number.POSITIVE_INFINITY]]])("%j is no vector", (vector) => {
    expect(() => inVectorFormat(vector, "base64")).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});

test.each([
  ["text", 1],
  [["a"], 1],
  [["a", "b"], 2],
  [[1, 2, 3], 1],
  [[[1, 2], [3]], 2],
])("%j asks for %i vectors", (input, count) => {
  expect(inputCount(input)).toBe(count);
});
