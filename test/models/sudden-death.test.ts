// Whatever a process was doing when it was killed, the registry tells of whole models only.
import { expect, test } from "bun:test";
import { watch } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "../assets/kill-trial.ts";
import { makeBytes } from "../assets/store-fixture.ts";
import { failureOf } from "../support/failure-of.ts";
import { createLibraryFixture, type LibraryFixture, text } from "./library-fixture.ts";

const kills = 30;
/** The trial ends sooner on a machine that takes its time. */
const trialMs = 12_000;
/** A verb makes some dozen changes to the folder; it is killed at one of them. */
const mostChanges = 30;
/** A verb that changes less than that ends by itself. */
const longestMs = 10_000;
const modelIds = ["a/one", "a/two", "b/GGUF"];

const run = (w: LibraryFixture, verb: string, modelId: string | undefined) =>
  Bun.spawn(
    [
      process.execPath,
      "--no-env-file",
      join(import.meta.dir, "children/run-verb.ts"),
      JSON.stringify({
        verb,
        modelId,
        endpoint: w.server.origin,
        roots: { modelsRoot: w.modelsRoot, assetsDir: w.assetsDir, cacheRoot: w.cacheRoot },
      }),
    ],
    { stdio: ["ignore", "pipe", "inherit"], env: { PATH: process.env["PATH"] } },
  );

/** Of every install that the registry tells of, each file, by its digest. */
const findLies = async (w: LibraryFixture): Promise<unknown[]> =>
  (await w.library.verify()).filter(({ status }) => status !== "ok");

/** By what happens in the folder and not by time: the instants between two changes are those that matter. */
async function killAfterChanges(
  w: LibraryFixture,
  child: ReturnType<typeof run>,
  changes: number,
): Promise<boolean> {
  let seen = 0;
  await mkdir(w.modelsRoot, { recursive: true });
  const watcher = watch(w.modelsRoot, { recursive: true }, () => {
    seen += 1;
    if (seen === changes) child.kill("SIGKILL");
  });
  const deadline = setTimeout(() => child.kill("SIGKILL"), longestMs);
  await child.exited;
  clearTimeout(deadline);
  watcher.close();
  return child.signalCode === "SIGKILL";
}

test("what a process uses is not taken away while it lives, and is free the moment it is killed", async () => {
  await using w = await createLibraryFixture();
  await w.library.download({ modelId: "ann/talker" });
  const child = run(w, "use", "ann/talker");
  const reader = child.stdout.getReader();
  let said = "";
  while (!said.includes("in use")) said += new TextDecoder().decode((await reader.read()).value);
  expect((await w.library.collect({ targetBytes: 1 })).removed).toEqual([]);
  expect((await failureOf(w.library.remove("ann/talker"))).code).toBe("E_BUSY");
  child.kill("SIGKILL");
  await child.exited;
  expect((await w.library.collect({ targetBytes: 1 })).removed).toMatchObject([{ modelId: "ann/talker" }]);
}, 60_000);

test("kill -9 at random points of download, gc and migrate leaves a registry that matches the disk", async () => {
  const seed = Number(process.env["TROUPE_TEST_SEED"] ?? Date.now() % 1e9);
  console.log(`seed ${seed}`);
  const random = createRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  await using w = await createLibraryFixture(
    Object.fromEntries(
      modelIds.map((id, index) => [
        id,
        {
          files: {
            [`weights.${id === "b/GGUF" ? "gguf" : "bin"}`]: makeBytes(60_000, index + 1),
            "config.json": text(`{"of": "${id}"}`),
            "notes.txt": text("before"),
          },
        },
      ]),
    ),
  );
  for (const modelId of modelIds) await w.library.download({ modelId });
  const endMs = performance.now() + trialMs;
  const landed: string[] = [];
  const trace: string[] = [];
  const isTimeLeft = (): boolean => performance.now() < endMs || landed.length === 0;
  for (let round = 0; round < kills && isTimeLeft(); round++) {
    const verb = pick(["download", "download", "download", "gc", "migrate"]);
    const modelId = pick(modelIds);
    const repository = w.repositories[modelId];
    // Mostly another commit, so that an install is replaced by another.
    if (verb === "download" && repository && random() < 0.8) {
      repository.files = { ...repository.files, "notes.txt": text(`round ${round}`) };
    }
    if (verb === "migrate") {
      await Bun.write(join(w.modelsRoot, `loose-${round}.gguf`), `loose ${round}`);
      await Bun.write(join(w.modelsRoot, `bad-${round}.corrupt`), "x");
    }
    const changes = 1 + Math.floor(random() * mostChanges);
    if (await killAfterChanges(w, run(w, verb, modelId), changes)) landed.push(verb);
    trace.push(`${verb} ${modelId}, ${changes} changes`);
    expect({ seed, trace, lies: await findLies(w) }).toEqual({ seed, trace, lies: [] });
  }
  console.log(`${landed.length} of ${trace.length} kills fell into a verb`);
  expect(landed.length).toBeGreaterThan(0);
  // Let live, each verb makes good what the killed ones left.
  for (const [verb, modelId] of [...modelIds.map((id) => ["download", id]), ["migrate"]]) {
    expect(await run(w, verb ?? "", modelId).exited).toBe(0);
  }
  expect(await findLies(w)).toEqual([]);
  const { items } = await w.library.scan();
  expect(items.filter(({ isKnown }) => !isKnown)).toEqual([]);
  expect(modelIds.filter((id) => !items.some((item) => item.modelId === id))).toEqual([]);
  expect(await w.library.migrate({ findOldModels: null, dryRun: true })).toMatchObject({
    moved: [],
    removed: [],
  });
}, 60_000);
