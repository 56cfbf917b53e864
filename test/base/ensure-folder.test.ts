import { describe, expect, test } from "bun:test";
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { ensureFolder } from "../../src/base/ensure-folder.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const options = { what: "the models root", cure: "choose another" };
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe("a folder that is needed", () => {
  test("is made with its parents, and with its own mode, which they do not get", async () => {
    await using folder = await createTempFolder();
    const path = join(folder.path, "a/b/credentials");
    await ensureFolder(path, { ...options, mode: 0o700 });
    expect(await modeOf(path)).toBe(0o700);
    await ensureFolder(join(folder.path, "c"), options);
    expect(await modeOf(join(folder.path, "a/b"))).toBe(await modeOf(join(folder.path, "c")));
  });

  test("stays as it is when it is there", async () => {
    await using folder = await createTempFolder();
    await chmod(folder.path, 0o750);
    await ensureFolder(folder.path, { ...options, mode: 0o700 });
    expect(await modeOf(folder.path)).toBe(0o750);
  });

  test("that cannot be made is E_PERM with the cure, whatever stands in the way", async () => {
    await using folder = await createTempFolder();
    const file = await folder.write("file", "x");
    for (const path of [file, join(file, "below"), "/proc/nowhere/models"]) {
      const error = await ensureFolder(path, options).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "E_PERM", details: { path } });
      expect(String(error)).toMatch(/the models root .* cannot be made \(E\w+\); choose another/);
    }
  });
});
