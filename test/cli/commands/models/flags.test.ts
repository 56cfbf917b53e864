// Flags that nothing but the command line passes on, and the questions that it asks on a terminal.
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { makeBytes } from "../../../assets/store-fixture.ts";
import { eventually } from "../../../support/eventually.ts";
import { commitOf } from "../../../support/hub-repository.ts";
import { openModelsTerminal } from "../../../support/models-terminal.ts";
import { createModelsWorld } from "../../../support/models-world.ts";

const limitMs = 60_000;
const repositories = () => ({
  "ann/talker": {
    files: {
      "config.json": makeBytes(10, 1),
      "a.bin": makeBytes(2000, 2),
      "b.bin": makeBytes(2000, 3),
      "b.onnx": makeBytes(2000, 4),
    },
    license: "mit",
  },
  "bob/small": { files: { "small.bin": makeBytes(500, 5) }, license: "mit" },
});

describe("the flags of", () => {
  test(
    "download: commit, folder, patterns, library and files at once",
    async () => {
      await using w = await createModelsWorld(repositories());
      const files = w.repositories["ann/talker"]?.files ?? {};
      const commit = commitOf(files);
      // The hub knows the commits that were asked for once.
      await w.models("info --model ann/talker");
      w.repositories["ann/talker"] = { files: { ...files, "a.bin": makeBytes(9000, 6) }, license: "mit" };
      const dest = join(w.folder.path, "mine");
      const flags = `--revision ${commit} --dest ${dest} --library llama-cpp --max-workers 1`;
      const { json } = await w.models(
        `download --model ann/talker ${flags} --include *.bin *.onnx --exclude b.b* --json`,
      );
      expect(json.data).toMatchObject({
        install_path: dest,
        library: "llama-cpp",
        revision: commit,
        commit,
        file_count: 2,
        total_size: 4000,
      });
      expect((await readdir(dest)).sort()).toEqual(["a.bin", "b.onnx"]);
    },
    limitMs,
  );

  test(
    "download: --no-resume begins anew",
    async () => {
      await using w = await createModelsWorld({
        "ann/big": { files: { "big.bin": makeBytes(3_000_000, 7) } },
      });
      w.server.bytesPerSecond = 300_000;
      const first = w.start("download --model ann/big");
      await eventually("a part of it", () => w.server.sentBytes > 500_000, limitMs);
      first.kill("SIGINT");
      expect((await first.outcome).exitCode).toBe(130);
      const parts = await readdir(join(w.folder.path, ".troupe/cache/downloads"));
      expect(parts.filter((name) => name.endsWith(".part"))).toHaveLength(1);
      w.server.bytesPerSecond = null;
      const { json } = await w.models("download --model ann/big --no-resume --json");
      expect(json.data).toMatchObject({ resumed_bytes: 0, downloaded_bytes: 3_000_000 });
    },
    limitMs,
  );

  test(
    "verify, scan and gc reach what they are for",
    async () => {
      await using w = await createModelsWorld(repositories());
      for (const id of ["ann/talker", "bob/small"]) await w.models(`download --model ${id}`);
      await Bun.write(join(w.modelsRoot, "transformers/bob/small/more.txt"), "more");
      expect((await w.models("verify --model bob/small")).exitCode).toBe(0);
      const strict = await w.models("verify --model bob/small --fail-on-extra-files --json");
      expect([strict.exitCode, strict.json.data]).toEqual([
        10,
        {
          models: [{ model_id: "bob/small", status: "bad", changed: [], missing: [], extra: ["more.txt"] }],
        },
      ]);
      const ids = async (line: string): Promise<unknown[]> =>
        ((await w.models(line)).json.data["items"] as { model_id: string }[]).map((item) => item.model_id);
      expect(await ids("scan --json")).toEqual(["ann/talker", "bob/small"]);
      expect(await ids("scan --filter size<1KB --json")).toEqual(["bob/small"]);
      await w.models("download --model bob/small");
      const { json } = await w.models("gc --quota-gb 0.000005 --yes --json");
      expect(json.data).toMatchObject({ removed_models: [{ model_id: "ann/talker", size: 6010 }] });
    },
    limitMs,
  );
});

describe("a question on a terminal", () => {
  test(
    "before a model goes: no leaves it, yes takes it",
    async () => {
      await using w = await createModelsWorld(repositories());
      for (const id of ["ann/talker", "bob/small"]) await w.models(`download --model ${id}`);
      for (const [line, question] of [
        ["remove --model ann/talker", "Remove ann/talker from disk? [y/N] "],
        ["gc --quota-gb 0", "Remove these, "],
      ] as const) {
        for (const [answer, outcome] of [
          ["n", "nothing was removed"],
          ["yes", line.startsWith("gc") ? " freed" : "ann/talker: removed"],
        ] as const) {
          await using t = openModelsTerminal(w, line);
          await t.shows(question);
          t.press(`${answer}\r`);
          await t.shows(outcome);
          expect(await t.child.exited).toBe(0);
        }
      }
      expect((await w.models("scan --json")).json.data).toEqual({ items: [], total_size: 0 });
    },
    limitMs,
  );

  test(
    "before a download that does not fit: no ends it with nothing fetched, yes goes on to the disk's own word",
    async () => {
      await using w = await createModelsWorld({});
      const sha = "e".repeat(40);
      const serve = (path: string, body: unknown): void => {
        const content = new TextEncoder().encode(JSON.stringify(body));
        w.server.serve(path, { content, headers: { "content-type": "application/json" } });
      };
      const model = { id: "ann/giant", sha, gated: false, tags: ["license:mit"], downloads: 0, likes: 0 };
      serve("/api/models/ann/giant/revision/main", model);
      const lfs = { oid: "f".repeat(64), size: 2 ** 50, pointerSize: 134 };
      const file = { type: "file", oid: "a".repeat(40), path: "giant.bin", size: 2 ** 50, lfs };
      serve(`/api/models/ann/giant/tree/${sha}`, [file]);
      for (const [answer, code, exitCode] of [
        ["n", "[E_INTERRUPTED]", 130],
        ["y", "[E_DISK]", 8],
      ] as const) {
        await using t = openModelsTerminal(w, "download --model ann/giant");
        await t.shows("Download it all the same? [y/N] ");
        t.press(`${answer}\r`);
        await t.shows(code);
        expect(await t.child.exited).toBe(exitCode);
      }
      expect(w.server.requests.filter(({ path }) => path.includes("giant.bin"))).toEqual([]);
    },
    limitMs,
  );
});
