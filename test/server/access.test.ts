import { describe, expect, test } from "bun:test";
import {
  createKeyCheck,
  isAllowedHost,
  isAllowedOrigin,
  isLoopbackHost,
  parseBearer,
  parseHostHeader,
} from "../../src/server/access.ts";

describe("keys", () => {
  test("each configured key is known, and nothing else", () => {
    const isKey = createKeyCheck(["first-key", "second-key"]);
    expect(["first-key", "second-key", "first-ke", "first-key ", "", "FIRST-KEY"].map(isKey)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  test("without keys nothing is one, the empty string included", () => {
    expect(createKeyCheck([])("")).toBe(false);
  });

  test("the bearer token is read whatever the case of the scheme", () => {
    expect(parseBearer("Bearer abc")).toBe("abc");
    expect(parseBearer("bearer  abc ")).toBe("abc");
    expect(parseBearer("Basic abc")).toBeUndefined();
    expect(parseBearer("Bearer a b")).toBeUndefined();
    expect(parseBearer(undefined)).toBeUndefined();
  });
});

describe("hosts", () => {
  test("loopback names and addresses are told from those that only look like them", () => {
    const names = ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "[::1]"];
    expect(names.map(isLoopbackHost)).toEqual(names.map(() => true));
    const others = [
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "0.0.0.0",
      "10.0.0.1",
      "evil.example",
    ];
    expect(others.map(isLoopbackHost)).toEqual(others.map(() => false));
  });

  test("the port is taken off a Host header, and what is none is refused", () => {
    expect(parseHostHeader("localhost:3000")).toBe("localhost");
    expect(parseHostHeader("[::1]:3000")).toBe("[::1]");
    expect(parseHostHeader("Example.ORG")).toBe("example.org");
    for (const bad of ["", "a:b:c", "user@localhost", "localhost/evil", "localhost:80:80", "[::1"]) {
      expect(parseHostHeader(bad)).toBeUndefined();
    }
  });

  test("a loopback listener answers to loopback names only", () => {
    expect(isAllowedHost("localhost:3000", "127.0.0.1")).toBe(true);
    expect(isAllowedHost("[::1]:3000", "127.0.0.1")).toBe(true);
    expect(isAllowedHost("attacker.example", "127.0.0.1")).toBe(false);
    expect(isAllowedHost("127.0.0.1.attacker.example:3000", "localhost")).toBe(false);
    expect(isAllowedHost(undefined, "127.0.0.1")).toBe(false);
  });

  test("a listener beyond loopback answers to any name", () => {
    expect(isAllowedHost("voices.example", "0.0.0.0")).toBe(true);
  });
});

describe("origins", () => {
  const options = { allowedOrigins: ["https://friend.example"] };

  test("the server's own pages, listed ones and programs may call", () => {
    expect(isAllowedOrigin(undefined, "localhost:3000", options)).toBe(true);
    expect(isAllowedOrigin("http://localhost:3000", "localhost:3000", options)).toBe(true);
    expect(isAllowedOrigin("https://localhost:3000", "localhost:3000", options)).toBe(true);
    expect(isAllowedOrigin("https://friend.example", "localhost:3000", options)).toBe(true);
  });

  test("other pages may not: another host, another port, no origin to speak of", () => {
    for (const origin of [
      "https://evil.example",
      "http://localhost:4000",
      "null",
      "https://friend.example.evil",
    ]) {
      expect(isAllowedOrigin(origin, "localhost:3000", options)).toBe(false);
    }
  });

  test("a star lets every page in", () => {
    expect(isAllowedOrigin("https://any.example", "localhost", { allowedOrigins: ["*"] })).toBe(true);
  });
});
