import { describe, expect, test } from "bun:test";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import {
  type LoadCredentialsOptions,
  loadProviderCredentials,
} from "../../../src/assets/provider/provider-credentials.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

async function load(options: Partial<LoadCredentialsOptions> & { text?: string }) {
  await using folder = await createTempFolder();
  if (options.text !== undefined) await folder.write("openai.json", options.text);
  const warnings: string[] = [];
  const credentials = await loadProviderCredentials({
    provider: "openai",
    patterns: ["OPENAI_API_KEY"],
    credentialsRoot: folder.path,
    environment: {},
    warn: (message) => warnings.push(message),
    ...options,
  });
  return { ...credentials, warnings, dir: folder.path };
}

describe("a provider's credentials", () => {
  test("are the variables that it names", async () => {
    const found = await load({ environment: { OPENAI_API_KEY: " sk-1 ", OTHER: "sk-2" } });
    expect(found.variables).toEqual([{ variable: "OPENAI_API_KEY", isSet: true }]);
    expect([found.missing, found.find("OPENAI_API_KEY"), found.values]).toEqual([
      undefined,
      "sk-1",
      ["sk-1"],
    ]);
  });

  test("that are not there are named", async () => {
    const patterns = ["KEY_A", "KEY_B", "KEY_C"];
    const found = await load({ patterns, environment: { KEY_A: "a", KEY_B: "  " } });
    expect(found.variables.map(({ isSet }) => isSet)).toEqual([true, false, false]);
    expect([found.missing?.variable, found.warnings]).toEqual(["KEY_B", []]);
    expect(found.missing?.reason).toStartWith(
      "KEY_B is not set; set it in the environment or in .env, or put it into ",
    );
    expect(found.missing?.reason).toEndWith("openai.json");
  });

  test("of the file win over the environment's, and complete them", async () => {
    const found = await load({
      patterns: ["KEY_A", "KEY_B"],
      text: JSON.stringify({ KEY_A: "of the file" }),
      environment: { KEY_A: "of the environment", KEY_B: "b" },
    });
    expect([found.find("KEY_A"), found.find("KEY_B"), found.missing]).toEqual([
      "of the file",
      "b",
      undefined,
    ]);
  });

  test.each([
    ['{"OPENAI_API_KEY": "sk-secret"', "is no JSON"],
    ["sk-secret", "is no JSON"],
    ['["sk-secret"]', "is no JSON object of variables and their values"],
    ['{"OPENAI_API_KEY": 12345678}', "is no JSON object of variables and their values"],
    [JSON.stringify({ OPENAI_API_KEY: "sk-secret".repeat(100_000) }), "is too large"],
  ])("of a broken file are warned of and ignored", async (text, reason) => {
    const found = await load({ text, environment: { OPENAI_API_KEY: "sk-env" } });
    expect(found.find("OPENAI_API_KEY")).toBe("sk-env");
    expect(found.warnings).toHaveLength(1);
    expect(found.warnings[0]).toContain(join(found.dir, "openai.json"));
    expect(found.warnings[0]).toContain(reason);
    expect(found.warnings[0]).not.toContain("secret");
    expect(found.warnings[0]).not.toContain("1234");
  });

  test("of a file that is not this user's are warned of and ignored", async () => {
    if (process.getuid?.() === 0) return; // who may read everything
    await using folder = await createTempFolder();
    await chmod(await folder.write("openai.json", "{}"), 0o000);
    const found = await load({ credentialsRoot: folder.path });
    expect(found.warnings[0]).toContain("cannot be read (EACCES)");
  });

  test("that a setting of old has elsewhere are read there", async () => {
    await using folder = await createTempFolder();
    const file = await folder.write("keys/mine.json", JSON.stringify({ OPENAI_API_KEY: "sk-old" }));
    expect((await load({ file })).find("OPENAI_API_KEY")).toBe("sk-old");
  });

  test("may be a path, where the service wants the file and not what is in it", async () => {
    await using folder = await createTempFolder();
    const file = await folder.write("google.json", '{"private_key": "secret"}');
    const patterns = ["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT_ID"];
    const found = await load({ provider: "google_cloud", patterns, file });
    expect(found.find("GOOGLE_APPLICATION_CREDENTIALS")).toBe(file);
    expect(found.missing?.variable).toBe("GOOGLE_CLOUD_PROJECT_ID");
  });
});
