// `say` with a synthesizer of tones and real files.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { createEventHub } from "../../../src/base/events.ts";
import type { CliApp } from "../../../src/cli/app-port.ts";
import { runCli } from "../../../src/cli/program.ts";
import { createFakeSynthesizer } from "../../support/fake-engines/fake-speech.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

async function say(...line: string[]): Promise<{ exitCode: number; error: string }> {
  let error = "";
  const app = {
    events: createEventHub(),
    warnings: [],
    speech: { synthesizer: () => Promise.resolve(createFakeSynthesizer()) },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  } as unknown as CliApp;
  const exitCode = await runCli(["say", ...line], {
    version: "1.2.3",
    openApp: () => Promise.resolve(app),
    terminal: {
      writeOut: () => undefined,
      writeError: (text) => void (error += text),
      isInteractive: false,
      columns: 80,
    },
    readInput: () => Promise.resolve(""),
    readLines: async function* () {},
    isInteractive: false,
    hasColor: false,
    signal: new AbortController().signal,
  });
  return { exitCode, error };
}

test("what is refused makes no file, and leaves an older one as it was", async () => {
  await using folder = await createTempFolder();
  const older = await folder.write("older.wav", "a recording that took an hour");
  const fresh = join(folder.path, "fresh.wav");
  for (const refused of [
    ["Hello.", "--voice", "nobody"],
    ["", "--voice", "tone-low"],
  ]) {
    for (const path of [older, fresh]) expect((await say(...refused, "--output", path)).exitCode).toBe(2);
  }
  expect(await Bun.file(older).text()).toBe("a recording that took an hour");
  expect(await Bun.file(fresh).exists()).toBe(false);
});

test("a WAV file has its true lengths", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "said.wav");
  expect(await say("Hello there.", "--output", path)).toEqual({ exitCode: 0, error: "" });
  const wav = Buffer.from(await Bun.file(path).arrayBuffer());
  expect([wav.toString("latin1", 0, 4), wav.readUInt32LE(4), wav.readUInt32LE(40)]).toEqual([
    "RIFF",
    wav.length - 8,
    wav.length - 44,
  ]);
  expect(wav.length).toBeGreaterThan(1000);
});
