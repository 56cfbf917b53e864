// Which files a load concerns, and what becomes of them; evaluation is played by the test.
import { describe, expect, test } from "bun:test";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../src/base/errors.ts";
import { listCharacterFiles } from "../../src/characters/load-folder.ts";
import { eventually } from "../support/eventually.ts";
import { fails, openLoader, type Played, stands, versionOf } from "./loader-fixture.ts";

describe("a load of the whole folder", () => {
  test("evaluates every file, again when asked again", async () => {
    await using played = await openLoader({ "a.ts": "Ada", "b.ts": "Bob" });
    expect(await played.load()).toBe(true);
    expect(played.evaluated.toSorted()).toEqual(["a.ts", "b.ts"]);
    expect(played.loader.fileCount).toBe(2);
    await played.load();
    expect(played.evaluated.length).toBe(4);
  });

  test("keeps the version of a file that gives the same again", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    await played.load();
    const before = versionOf(played.loader, "a.ts");
    await played.load();
    expect(versionOf(played.loader, "a.ts")).toBe(before as never);
    played.play.evaluate = (source) => Promise.resolve(stands(source, { "/lib.ts": "changed" }));
    await played.load();
    expect(versionOf(played.loader, "a.ts")).not.toBe(before!);
  });

  test("holds what many characters import once", async () => {
    const files = Array.from({ length: 100 }, (_, i) => [`c${i}.ts`, `C${i}`] as const);
    await using played = await openLoader(Object.fromEntries(files));
    // Each time a text of its own, as it comes from another process.
    const lore = (): string => Buffer.alloc(1_000_000, "x").toString();
    played.play.evaluate = (source) => Promise.resolve(stands(source, { "/cast/_lib/lore.json": lore() }));
    const heldBytes = (): number => {
      Bun.gc(true);
      return process.memoryUsage().heapUsed;
    };
    const before = heldBytes();
    await played.load();
    expect(versionOf(played.loader, "c99.ts")?.source.companions["/cast/_lib/lore.json"]?.length).toBe(
      1_000_000,
    );
    expect(heldBytes() - before).toBeLessThan(30_000_000);
  });

  test("freezes what readers share", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    await played.load();
    const version = versionOf(played.loader, "a.ts")!;
    expect(Object.isFrozen(version.record.voiceSource)).toBe(true);
  });

  test("passes over what hung or crashed until its text changes", async () => {
    for (const type of ["Timeout", "Crashed"] as const) {
      await using played = await openLoader({ "a.ts": "Ada" });
      played.play.evaluate = (source) => Promise.resolve(fails(source, type));
      await played.load();
      expect(played.quarantined).toEqual(["undefined a.ts"]);
      await played.load();
      expect(played.evaluated.length).toBe(1);
      await played.folder.write("a.ts", "Ada again");
      played.play.evaluate = (source) => Promise.resolve(stands(source));
      await played.load();
      expect(versionOf(played.loader, "a.ts")?.record.name).toBe("Ada again");
    }
  });

  test("tries again what failed otherwise", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    played.play.evaluate = (source) => Promise.resolve(fails(source, "ImportError"));
    await played.load();
    await played.load();
    expect(played.evaluated.length).toBe(2);
    expect(played.quarantined).toEqual([]);
  });

  test("an evaluation that cannot be made is that file's problem", async () => {
    await using played = await openLoader({ "a.ts": "Ada", "b.ts": "Bob" });
    await played.load();
    played.play.evaluate = (source) =>
      source.file === "a.ts"
        ? Promise.reject(new Error("no more processes"))
        : Promise.resolve(stands(source));
    await played.load();
    expect(played.loader.outcomes().find(({ file }) => file === "a.ts")).toMatchObject({
      ok: false,
      problem: { error_type: "Crashed", message: "it could not be tried: no more processes" },
    });
    expect(versionOf(played.loader, "b.ts")).toBeDefined();
    // That says nothing of the file, which is tried again though it has not changed.
    played.play.evaluate = (source) => Promise.resolve(stands(source));
    await played.load();
    expect(versionOf(played.loader, "a.ts")).toBeDefined();
    expect(played.loader.outcomes().every(({ ok }) => ok)).toBe(true);
  });

  test("is not undone by an older one whose list of the folder comes late", async () => {
    const held = Promise.withResolvers<void>();
    let lists = 0;
    await using played = await openLoader({ "a.ts": "Ada" }, async (folder) => {
      const files = await listCharacterFiles(folder);
      if (++lists === 2) await held.promise;
      return files;
    });
    await played.load();
    const older = played.begin("a.ts");
    await eventually("the older list", () => lists === 2);
    await played.folder.write("b.ts", "Bob");
    const newer = played.begin("b.ts");
    // Were it not to wait for the older one, it would be done by then.
    await Promise.race([newer, Bun.sleep(50)]);
    held.resolve();
    await Promise.all([older, newer]);
    played.loader.reveal();
    expect(played.loader.fileCount).toBe(2);
    expect(versionOf(played.loader, "b.ts")).toBeDefined();
  });
});

describe("a load after changes", () => {
  test("concerns the files that changed, those that are new, and those that have gone", async () => {
    await using played = await openLoader({ "a.ts": "Ada", "b.ts": "Bob", "c.ts": "Cy" });
    await played.load();
    played.evaluated.length = 0;
    await played.folder.write("a.ts", "Anna");
    await played.folder.write("d.ts", "Di");
    await unlink(join(played.folder.path, "b.ts"));
    expect(await played.load("a.ts", "b.ts", "d.ts")).toBe(true);
    expect(played.evaluated.toSorted()).toEqual(["a.ts", "d.ts"]);
    expect(
      played.loader
        .outcomes()
        .map(({ file }) => file)
        .toSorted(),
    ).toEqual(["a.ts", "c.ts", "d.ts"]);
  });

  test("is nothing new when the text is the same", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    await played.load();
    expect(await played.load("a.ts")).toBe(false);
    expect(played.evaluated.length).toBe(1);
  });

  test("concerns those who import a shared file, or name it and could not have it", async () => {
    await using played = await openLoader({ "a.ts": "Ada", "b.ts": "import './_lib/later'", "c.ts": "Cy" });
    const shared = join(played.folder.path, "_lib/word.ts");
    played.play.evaluate = (source) => {
      if (source.file === "b.ts") return Promise.resolve(fails(source, "ImportError"));
      return Promise.resolve(stands(source, source.file === "a.ts" ? { [shared]: "x" } : {}));
    };
    await played.load();
    played.evaluated.length = 0;
    await played.load("_lib/word.ts");
    expect(played.evaluated).toEqual(["a.ts"]);
    await played.load("_lib/later.ts");
    expect(played.evaluated).toEqual(["a.ts", "b.ts"]);
    await played.load("_lib/unrelated.ts");
    expect(played.evaluated.length).toBe(2);
  });

  test("a newer reading calls off the older, and only the newest counts", async () => {
    await using played = await openLoader({ "a.ts": "old" });
    const started = Promise.withResolvers<void>();
    played.play.evaluate = (_, signal) => {
      started.resolve();
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new AppError("E_INTERRUPTED", "called off")));
      });
    };
    const first = played.load();
    await started.promise;
    await played.folder.write("a.ts", "new");
    played.play.evaluate = (source) => Promise.resolve(stands(source));
    await played.load("a.ts");
    await first;
    expect(versionOf(played.loader, "a.ts")?.record.name).toBe("new");
    expect(played.loader.outcomes().length).toBe(1);
  });

  test("a file that goes while it is evaluated leaves no outcome", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    const started = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    played.play.evaluate = async (source) => {
      started.resolve();
      await held.promise;
      return stands(source);
    };
    const first = played.load();
    await started.promise;
    await unlink(join(played.folder.path, "a.ts"));
    await played.load("a.ts");
    held.resolve();
    await first;
    expect(played.loader.outcomes()).toEqual([]);
  });
});

describe("what a load has found", () => {
  const namesOf = ({ loader }: Played): string[] =>
    loader
      .outcomes()
      .flatMap((outcome) => (outcome.ok ? outcome.version.record.name : []))
      .toSorted();

  test("is seen when it is revealed, and not before: who came, who changed and who left", async () => {
    await using played = await openLoader({ "a.ts": "Ada", "b.ts": "Bob" });
    await played.load();
    expect(played.loader.isHiding).toBe(false);
    await played.folder.write("a.ts", "Anna");
    await played.folder.write("c.ts", "Cy");
    await unlink(join(played.folder.path, "b.ts"));
    expect(await played.begin("a.ts", "b.ts", "c.ts")).toBe(true);
    expect([played.loader.isHiding, ...namesOf(played)]).toEqual([true, "Ada", "Bob"]);
    played.loader.reveal();
    expect([played.loader.isHiding, ...namesOf(played)]).toEqual([false, "Anna", "Cy"]);
  });

  test("is told with how many are missing: of all loads under way, but of the slow ones only if it is one", async () => {
    await using played = await openLoader({ "a.ts": "Ada", "b.ts": "Bob", "c.ts": "Cy" });
    const held = new Map<string, () => void>();
    played.play.evaluate = (source) =>
      new Promise((resolve) => held.set(source.file, () => resolve(stands(source))));
    const first = played.begin();
    await eventually("three trials", () => held.size === 3);
    held.get("a.ts")?.();
    await eventually("the first", () => played.finds.length === 1);
    await played.folder.write("d.ts", "Di");
    const second = played.begin("d.ts");
    await eventually("the fourth trial", () => held.size === 4);
    held.get("d.ts")?.();
    await second;
    expect(played.finds).toEqual([2, 2]);
    // Those who have not come by now are slow, and a new edit does not wait for them.
    played.loader.reveal();
    expect(namesOf(played)).toEqual(["Ada", "Di"]);
    await played.folder.write("a.ts", "Anna");
    held.delete("a.ts");
    const third = played.begin("a.ts");
    await eventually("the edit's trial", () => held.has("a.ts"));
    held.get("a.ts")?.();
    await third;
    expect(played.finds).toEqual([2, 2, 0]);
    held.get("b.ts")?.();
    await eventually("a slow one", () => played.finds.length === 4);
    held.get("c.ts")?.();
    await first;
    expect(played.finds).toEqual([2, 2, 0, 1, 0]);
  });

  test("is told as complete when the last of many turns out to be as it was", async () => {
    await using played = await openLoader({ "a.ts": "Ada", "b.ts": "Bob" });
    await played.load();
    played.finds.length = 0;
    await played.folder.write("a.ts", "Anna");
    await played.begin("a.ts", "b.ts");
    expect(played.finds.at(-1)).toBe(0);
  });

  test("a file that went and came back before anyone saw it has only changed", async () => {
    await using played = await openLoader({ "a.ts": "Ada", "b.ts": "Bob" });
    await played.load();
    await unlink(join(played.folder.path, "a.ts"));
    await played.begin("a.ts");
    expect([played.loader.fileCount, ...namesOf(played)]).toEqual([1, "Ada", "Bob"]);
    await played.folder.write("a.ts", "Anna");
    await played.begin("a.ts");
    expect(namesOf(played)).toEqual(["Ada", "Bob"]);
    played.loader.reveal();
    expect([played.loader.fileCount, ...namesOf(played)]).toEqual([2, "Anna", "Bob"]);
  });

  test("a fault of the version that is seen is seen at once, while its newer one is hidden", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    await played.load();
    const { versionId } = versionOf(played.loader, "a.ts")!.source;
    played.play.evaluate = (source) => Promise.resolve(fails(source, "SyntaxError"));
    await played.folder.write("a.ts", "broken");
    await played.begin("a.ts");
    const fault = {
      problem: { file: "a.ts", stage: "run", error_type: "Timeout", message: "hung" },
      isQuarantined: true,
    } as const;
    expect(played.loader.recordFault(versionId, fault)).toBeDefined();
    expect(played.loader.outcomes()).toMatchObject([{ ok: true, fault }]);
    played.loader.reveal();
    expect(played.loader.outcomes()).toMatchObject([{ ok: false, fault }]);
  });
});
