import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import {
  isLoopback,
  planReplySource,
  type ReplySettings,
  replyServerPresets,
} from "../../src/reply/plan-reply-source.ts";

const codeOf = (settings: ReplySettings): string => {
  try {
    return planReplySource(settings).kind;
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
};
const serverOf = (settings: ReplySettings) => {
  const plan = planReplySource(settings);
  if (plan.kind !== "server") throw new Error(plan.kind);
  return plan.server;
};
const refusalOf = (settings: ReplySettings): AppError => {
  const plan = planReplySource(settings);
  if (plan.kind !== "refuse") throw new Error(plan.kind);
  return plan.error;
};

describe("what the settings ask for", () => {
  test("nothing: look on this machine, at Ollama, LM Studio and llama.cpp", () => {
    const plan = planReplySource({});
    expect(plan.kind === "look" && plan.servers.map(({ source, baseUrl }) => [source, baseUrl])).toEqual([
      ["ollama", "http://127.0.0.1:11434/v1"],
      ["lm-studio", "http://127.0.0.1:1234/v1"],
      ["llama-cpp", "http://127.0.0.1:8080/v1"],
    ]);
  });

  test("a key alone chooses no service: nothing leaves the machine by accident", () => {
    expect(planReplySource({ apiKey: "sk-123456", model: "m" }).kind).toBe("look");
  });

  test("none: the characters' own words", () => {
    expect(planReplySource({ source: "none" })).toMatchObject({ kind: "none" });
    expect(planReplySource({ source: " None ", baseUrl: "http://x" })).toMatchObject({ kind: "none" });
  });

  test("an address alone is an OpenAI-compatible server", () => {
    expect(serverOf({ baseUrl: "http://box:8000/v1" })).toMatchObject({
      source: "openai-compatible",
      provider: "openai-compatible",
      baseUrl: "http://box:8000/v1",
      isLocal: false,
    });
  });

  test("a named service has its address and the variable of its key", () => {
    expect(serverOf({ source: "anthropic", apiKey: "k", model: "m" })).toMatchObject({
      provider: "anthropic",
      baseUrl: "https://api.anthropic.com/v1",
      apiKeyName: "ANTHROPIC_API_KEY",
    });
    expect(serverOf({ source: "openai_compatible", baseUrl: "http://localhost:1/v1" }).isLocal).toBe(true);
  });

  test.each([
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"],
    ["http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1"],
    ["https://host/api/v1/", "https://host/api/v1"],
    ["https://host/openai?x=1#y", "https://host/openai"],
  ])("the address %s is read as %s", (baseUrl, read) => {
    expect(serverOf({ baseUrl }).baseUrl).toBe(read);
  });

  test.each<[ReplySettings, string]>([
    [{ source: "openia" }, "E_ARGS"],
    [{ source: "constructor" }, "E_ARGS"],
    [{ source: "openai-compatible" }, "E_ARGS"],
    [{ baseUrl: "localhost:8080" }, "E_ARGS"],
    [{ baseUrl: "file:///etc/passwd" }, "E_ARGS"],
    [{ baseUrl: "http://user:pass@host/v1" }, "E_ARGS"],
  ])("%j makes no sense", (settings, code) => {
    expect(codeOf(settings)).toBe(code);
  });

  test("an unknown source is answered with those that are known", () => {
    const message = (() => {
      try {
        planReplySource({ source: "openia" });
      } catch (error) {
        return (error as Error).message;
      }
    })();
    for (const name of [...Object.keys(replyServerPresets), "none"]) expect(message).toContain(name);
  });

  test("a service without its key or model says what is missing", () => {
    expect(refusalOf({ source: "openai", model: "m" })).toMatchObject({ code: "E_PERM" });
    expect(refusalOf({ source: "openai", model: "m" }).message).toContain("set OPENAI_API_KEY");
    const named = refusalOf({ source: "openai", model: "m", apiKeyName: "MY_KEY" });
    expect(named.message).toContain("set MY_KEY");
    expect(refusalOf({ source: "openai", apiKey: "k" })).toMatchObject({ code: "E_ARGS" });
    expect(refusalOf({ source: "openai", apiKey: "k" }).message).toContain("set [reply] model");
  });

  test("offline forbids every server beyond loopback", () => {
    const isOffline = true;
    expect(refusalOf({ source: "openai", apiKey: "k", model: "m", isOffline }).code).toBe("E_NET");
    expect(refusalOf({ baseUrl: "http://192.168.1.5:8080/v1", isOffline }).code).toBe("E_NET");
    expect(serverOf({ baseUrl: "http://[::1]:8080/v1", isOffline }).isLocal).toBe(true);
    expect(serverOf({ source: "ollama", isOffline }).isLocal).toBe(true);
    expect(refusalOf({ source: "ollama", baseUrl: "http://box:11434", isOffline }).code).toBe("E_NET");
    expect(planReplySource({ isOffline }).kind).toBe("look");
  });
});

test.each([
  ["127.0.0.1", true],
  ["127.8.9.10", true],
  ["localhost", true],
  ["LOCALHOST", true],
  ["[::1]", true],
  ["::1", true],
  ["127.0.0.1.example.org", false],
  ["localhost.example.org", false],
  ["10.0.0.1", false],
  ["0.0.0.0", false],
])("%s is loopback: %p", (host, is) => {
  expect(isLoopback(host)).toBe(is);
});
