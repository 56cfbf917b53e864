// The programs that stand between the terminal and the sound card, played by scripts.
import { describe, expect, test } from "bun:test";
import { chmod } from "node:fs/promises";
import { dirname, join } from "node:path";
import { concatPcm, decodeS16le, encodeS16le } from "../../src/audio/pcm.ts";
import { encodeWav, parseWav } from "../../src/audio/wav.ts";
import { systemClock } from "../../src/base/clock.ts";
import { openFileLoudspeaker, openLoudspeaker } from "../../src/cli/loudspeaker.ts";
import { createFileMicrophone, createMicrophone } from "../../src/cli/microphone.ts";
import { eventually } from "../support/eventually.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";

/** A program of that name; its folder is the whole search path. */
async function install(folder: TempFolder, name: string, script: string): Promise<string> {
  const path = await folder.write(`bin/${name}`, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return dirname(path);
}
const { signal } = new AbortController();
const tone = Float32Array.from({ length: 4800 }, (_, i) => 0.5 * Math.sin(i / 10));
async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe("the microphone", () => {
  test("is the first recorder that the system has, asked for 24 kHz mono", async () => {
    await using folder = await createTempFolder();
    const searchPath = await install(folder, "arecord", 'echo "$@"; exec sleep 30');
    const abort = new AbortController();
    for await (const bytes of createMicrophone({ searchPath })(abort.signal)) {
      expect(new TextDecoder().decode(bytes)).toBe("-q -t raw -f S16_LE -r 24000 -c 1\n");
      abort.abort();
    }
  });

  test("that there is not, or that gives up, is E_COMPAT naming the way out", async () => {
    await using folder = await createTempFolder();
    const missing = collect(createMicrophone({ searchPath: folder.path })(signal));
    expect((await failureOf(missing)).message).toContain("--microphone");
    const searchPath = await install(folder, "parec", "echo 'no such device' >&2; exit 1");
    const failing = await failureOf(collect(createMicrophone({ searchPath })(signal)));
    expect(failing).toMatchObject({ code: "E_COMPAT" });
    expect(failing.message).toContain("parec cannot record: no such device");
    await install(folder, "parec", "exit 0");
    const silent = await failureOf(collect(createMicrophone({ searchPath })(signal)));
    expect(silent.message).toContain("parec cannot record: it stopped;");
  });

  test("may be a file, which is heard in its own time", async () => {
    await using folder = await createTempFolder();
    const file = await folder.write("hello.wav", encodeWav(tone, 24_000));
    const startMs = performance.now();
    const bytes = await collect(createFileMicrophone({ clock: systemClock }, file)(signal));
    expect(bytes.length).toBe(9600);
    expect(performance.now() - startMs).toBeGreaterThan(150);
    const absent = collect(createFileMicrophone({ clock: systemClock }, join(folder.path, "no"))(signal));
    expect(await failureOf(absent)).toMatchObject({ code: "E_NOT_FOUND" });
  });
});

describe("the loudspeaker", () => {
  test("is the first player that the system has, one for a whole answer, and stops in mid-sound", async () => {
    await using folder = await createTempFolder();
    const record = join(folder.path, "played");
    const searchPath = await install(
      folder,
      "aplay",
      `echo start >> ${record}.log; exec /bin/cat >> ${record}`,
    );
    const starts = async () =>
      (
        await Bun.file(`${record}.log`)
          .text()
          .catch(() => "")
      ).length / 6;
    const size = async () => (await Bun.file(record).exists()) && Bun.file(record).size;
    await using speaker = openLoudspeaker({ searchPath });
    speaker.play(encodeS16le(tone));
    speaker.play(encodeS16le(tone));
    await eventually("the sound", async () => (await size()) === 19_200);
    expect(await starts()).toBe(1);
    speaker.stop();
    speaker.play(encodeS16le(tone));
    await eventually("more sound", async () => (await size()) === 28_800);
    expect(await starts()).toBe(2);
  });

  test("that there is not, or that gives up, is E_COMPAT naming the way out", async () => {
    await using folder = await createTempFolder();
    const none = Promise.try(() => openLoudspeaker({ searchPath: folder.path }));
    expect((await failureOf(none)).message).toContain("--output");
    const searchPath = await install(folder, "pacat", "echo 'connection refused' >&2; exit 1");
    await using speaker = openLoudspeaker({ searchPath });
    speaker.play(encodeS16le(tone));
    expect((await failureOf(speaker.failed)).message).toContain("pacat cannot play: connection refused");
  });

  test("may be a WAV file of what was to be heard, without what was stopped", async () => {
    await using folder = await createTempFolder();
    const path = join(folder.path, "out.wav");
    {
      await using speaker = await openFileLoudspeaker({ clock: systemClock }, path);
      speaker.play(encodeS16le(concatPcm([tone, tone, tone, tone, tone])));
      speaker.stop();
      speaker.play(encodeS16le(tone));
    }
    const { pcm, sampleRateHz } = parseWav(await Bun.file(path).bytes());
    expect(sampleRateHz).toBe(24_000);
    const loud = pcm.filter((sample) => Math.abs(sample) > 0.1).length;
    // What had sounded before it was stopped is there; the rest of the second is not.
    expect(loud).toBeGreaterThan(3500);
    expect(loud).toBeLessThan(12_000);
    expect(decodeS16le(encodeS16le(tone)).length).toBe(4800);
    const refused = openFileLoudspeaker({ clock: systemClock }, join(folder.path, "no/such/out.wav"));
    expect(await failureOf(refused)).toMatchObject({ code: "E_NOT_FOUND" });
  });
});
