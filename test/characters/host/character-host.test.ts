// What the host remembers of those who misbehaved.
import { expect, test } from "bun:test";
import { createCharacterHost } from "../../../src/characters/host/character-host.ts";
import type { LoadProblem } from "../../../src/characters/port.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

const problem: LoadProblem = { file: "a.ts", stage: "run", error_type: "Crashed", message: "played" };

test("offences of versions that nobody mentions any more are forgotten, those of the others never", async () => {
  await using folder = await createTempFolder();
  await using host = createCharacterHost(
    { onOffender: () => undefined, onOutput: () => undefined },
    {
      folder: folder.path,
      evaluateTimeoutMs: 1000,
      promptTimeoutMs: 1000,
      toolTimeoutMs: 1000,
      replyTimeoutMs: 1000,
      memoryLimitMb: 100,
      idle: { windowMs: 1000, maxShare: 0.2 },
    },
  );
  for (let version = 0; version < 5000; version++) {
    host.quarantine(`gone.ts@${version}`, problem);
    if (version % 100 === 0) host.quarantine("stands.ts@1", { ...problem, message: String(version) });
  }
  expect(host.offenceOf("gone.ts@0")).toBeUndefined();
  expect(host.offenceOf("gone.ts@4999")).toEqual(problem);
  // The first word on it stays.
  expect(host.offenceOf("stands.ts@1")?.message).toBe("0");
  host.retire(["stands.ts@1"], { isGone: true });
  expect(host.offenceOf("stands.ts@1")).toBeDefined();
  host.retire(["stands.ts@1"], { isGone: false });
  expect(host.offenceOf("stands.ts@1")).toBeUndefined();
});
