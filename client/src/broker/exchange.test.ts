// Keys and answers by themselves.
import { expect, test } from "vitest";
import { cut } from "../text/cut";
import { idempotencyKey } from "./exchange";

test("every key is its own and one that the broker takes", () => {
  const keys = Array.from({ length: 100 }, idempotencyKey);
  expect(new Set(keys).size).toBe(100);
  for (const key of keys) expect(key).toMatch(/^[\x21-\x7e]{1,255}$/);
});

test("a text is cut only if it is too long", () => {
  expect(cut("abc", 3)).toBe("abc");
  expect(cut("abcd", 3)).toBe("abc\n… 1 more characters");
});
