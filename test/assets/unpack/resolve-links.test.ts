import { expect, test } from "bun:test";
import { HostileArchiveError } from "../../../src/assets/unpack/entry-judge.ts";
import { resolveLinks } from "../../../src/assets/unpack/resolve-links.ts";

const files = ["a/one", "a/two", "b"];

test("a link to a file is that file, a link to a folder all that is in it", () => {
  const links = [
    { path: "x", target: "b" },
    { path: "c/d", target: "../a" },
    { path: "again", target: "c/d/one" },
  ];
  expect([...resolveLinks(files, links)]).toEqual([
    ["x", "b"],
    ["c/d/one", "a/one"],
    ["c/d/two", "a/two"],
    ["again", "a/one"],
  ]);
});

test.each([
  ["/b", "points outside"],
  ["../b", "points outside"],
  ["sub/../../b", "points outside"],
  ["", "points outside"],
  ["a\\one", "points outside"],
  [".", "points outside"],
  ["nothing", "to nothing"],
  ["link", "without an end"],
  ["link/deeper", "without an end"],
])("a link to %j is refused", (target, message) => {
  const resolve = () => resolveLinks(files, [{ path: "link", target }]);
  expect(resolve).toThrow(HostileArchiveError);
  expect(resolve).toThrow(message);
});

test("folders that are linked from folders do not multiply without end", () => {
  const many = Array.from({ length: 1000 }, (_, i) => `a/${i}`);
  const links = Array.from({ length: 200 }, (_, i) => ({ path: `copy-${i}`, target: "a" }));
  expect(() => resolveLinks(many, links)).toThrow("more than 100000 entries");
});
