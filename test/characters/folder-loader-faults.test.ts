// What has been found wrong with a version, from one load to the next.
import { describe, expect, test } from "bun:test";
import { fails, openLoader, stands, versionOf } from "./loader-fixture.ts";

describe("faults of versions", () => {
  const fault = (message: string, isQuarantined: boolean) => ({
    problem: { file: "a.ts", stage: "run", error_type: "BadPrompt", message } as const,
    isQuarantined,
  });

  test("are recorded once; a quarantine comes over them", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    await played.load();
    const { versionId } = versionOf(played.loader, "a.ts")!.source;
    expect(played.loader.recordFault(versionId, fault("first", false))).toBeDefined();
    expect(played.loader.recordFault(versionId, fault("second", false))).toBeUndefined();
    expect(played.loader.recordFault(versionId, fault("worse", true))).toBeDefined();
    expect(played.loader.recordFault(versionId, fault("again", true))).toBeUndefined();
    expect(played.loader.outcomes()[0]?.fault).toEqual(fault("worse", true));
    expect(played.loader.recordFault("a.ts@99", fault("whose", true))).toBeUndefined();
  });

  test("end when the file is evaluated anew", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    await played.load();
    played.loader.recordFault(versionOf(played.loader, "a.ts")!.source.versionId, fault("once", false));
    await played.load();
    expect(played.loader.outcomes()[0]?.fault).toBeUndefined();
  });

  test("stay with the last good version while edits fail", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    await played.load();
    const { versionId } = versionOf(played.loader, "a.ts")!.source;
    played.loader.recordFault(versionId, fault("hung", true));
    played.play.evaluate = (source) => Promise.resolve(fails(source, "SyntaxError"));
    await played.folder.write("a.ts", "broken");
    await played.load("a.ts");
    expect(played.loader.outcomes()).toMatchObject([{ ok: false, fault: fault("hung", true) }]);
    // What failed otherwise is tried again when a load is asked for.
    played.evaluated.length = 0;
    await played.load();
    expect(played.evaluated).toEqual(["a.ts"]);
    await played.folder.write("a.ts", new Uint8Array([0xff]));
    await played.load("a.ts");
    expect(played.loader.outcomes()).toMatchObject([
      { ok: false, problem: { stage: "read" }, fault: fault("hung", true) },
    ]);
  });

  test("are not taken over by an edit that is taken back: it is a version of its own", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    await played.load();
    const before = versionOf(played.loader, "a.ts")!;
    // As the host has it.
    played.offences.set(before.source.versionId, fault("hung", true).problem);
    played.loader.recordFault(before.source.versionId, fault("hung", true));
    for (const text of ["Anna", "Ada"]) {
      played.play.evaluate = (source) =>
        Promise.resolve(text === "Ada" ? stands(source) : fails(source, "SyntaxError"));
      await played.folder.write("a.ts", text);
      await played.load("a.ts");
    }
    const after = versionOf(played.loader, "a.ts")!;
    expect(after.source.versionId).not.toBe(before.source.versionId);
    expect(played.loader.outcomes()[0]?.fault).toBeUndefined();
  });

  test("that are known before the outcome come with it", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    played.play.evaluate = (source) => {
      played.offences.set(source.versionId, fault("early", true).problem);
      return Promise.resolve(stands(source));
    };
    await played.load();
    expect(played.loader.outcomes()[0]?.fault).toEqual(fault("early", true));
    expect(played.quarantined).toEqual(["Ada a.ts"]);
  });

  test("of an evaluation that gave the same version again are that version's", async () => {
    await using played = await openLoader({ "a.ts": "Ada" });
    const versionIds: string[] = [];
    played.play.evaluate = (source) => {
      versionIds.push(source.versionId);
      return Promise.resolve(stands(source));
    };
    await played.load();
    await played.load();
    expect(new Set(versionIds).size).toBe(2);
    expect(played.loader.recordFault(versionIds[1]!, fault("late", true))?.source.versionId).toBe(
      versionIds[0],
    );
  });
});
