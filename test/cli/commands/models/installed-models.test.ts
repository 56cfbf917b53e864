// The verbs that change the disk, as whole processes: what they print, and how each failure ends them.
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createUseLocks } from "../../../../src/assets/registry/use-locks.ts";
import { systemClock } from "../../../../src/base/clock.ts";
import { makeBytes } from "../../../assets/store-fixture.ts";
import type { AssetServer } from "../../../support/asset-server.ts";
import { createModelsWorld, type ModelsWorld } from "../../../support/models-world.ts";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

const repositories = () => ({
  "ann/talker": {
    files: { "config.json": text("{}"), "model.safetensors": makeBytes(40_000, 1) },
    license: "mit",
  },
  "bob/small-GGUF": { files: { "small.gguf": makeBytes(20_000, 3) }, license: "apache-2.0" },
  "eve/strict": { files: { "model.bin": makeBytes(3000, 5) }, license: "llama3.2" },
  "zoe/closed": { files: { "model.bin": makeBytes(3000, 6) }, gate: "manual" as const },
  "zoe/private": { files: { "model.bin": makeBytes(3000, 6) }, token: "right" },
});

const limitMs = 60_000;

/** A model that says of itself that it is as large as no disk. */
function serveGiant(server: AssetServer): void {
  const sha = "e".repeat(40);
  const answer = (body: unknown) => ({
    content: text(JSON.stringify(body)),
    headers: { "content-type": "application/json" },
  });
  const model = { id: "ann/giant", sha, gated: false, tags: ["license:mit"], downloads: 0, likes: 0 };
  server.serve("/api/models/ann/giant/revision/main", answer(model));
  const lfs = { oid: "f".repeat(64), size: 2 ** 50, pointerSize: 134 };
  const file = { type: "file", oid: "a".repeat(40), path: "giant.bin", size: 2 ** 50, lfs };
  server.serve(`/api/models/ann/giant/tree/${sha}`, answer([file]));
}

interface Refusal {
  what: string;
  code: string;
  exitCode: number;
  line: string;
  env?: Record<string, string>;
  prepare?: (w: ModelsWorld) => Promise<AsyncDisposable | void>;
  /** In the message. */
  cure: string;
}

const refusals: Refusal[] = [
  {
    what: "a filter of another form",
    code: "E_ARGS",
    exitCode: 2,
    line: "scan --filter big",
    cure: "size>1GB",
  },
  { what: "gc with nobody to ask", code: "E_ARGS", exitCode: 2, line: "gc --target-gb 1", cure: "--yes" },
  {
    what: "a licence neither shown nor accepted",
    code: "E_ARGS",
    exitCode: 2,
    line: "license --model a/b",
    cure: "--show",
  },
  { what: "ensure without a name", code: "E_ARGS", exitCode: 2, line: "ensure", cure: "--all-defaults" },
  {
    what: "a damaged registry",
    code: "E_SCHEMA",
    exitCode: 3,
    line: "scan",
    prepare: async (w) => void (await Bun.write(join(w.modelsRoot, "model_registry.json"), "{")),
    cure: "set aside as",
  },
  {
    what: "a model that is not there",
    code: "E_NOT_FOUND",
    exitCode: 4,
    line: "pin --model no/one",
    cure: "scan",
  },
  {
    what: "a filter that lets nothing through",
    code: "E_NOT_FOUND",
    exitCode: 4,
    line: "download --model ann/talker --include *.gguf",
    cure: "info",
  },
  {
    what: "a token that is refused",
    code: "E_PERM",
    exitCode: 5,
    line: "download --model zoe/private",
    env: { HF_TOKEN: "wrong" },
    cure: "HF_TOKEN",
  },
  {
    what: "a licence that nobody has accepted",
    code: "E_LICENSE",
    exitCode: 6,
    line: "download --model eve/strict",
    cure: "--accept",
  },
  {
    what: "a gate that is closed",
    code: "E_LICENSE",
    exitCode: 6,
    line: "download --model zoe/closed",
    cure: "zoe/closed",
  },
  {
    what: "a model that is not here, offline",
    code: "E_NET",
    exitCode: 7,
    line: "download --model ann/talker --offline",
    cure: "--offline",
  },
  {
    what: "a mirror that is not there",
    code: "E_NET",
    exitCode: 7,
    line: "download --model ann/talker --mirror http://127.0.0.1:1",
    cure: "127.0.0.1:1",
  },
  {
    what: "a model larger than the disk",
    code: "E_DISK",
    exitCode: 8,
    line: "download --model ann/giant",
    cure: "free some space",
  },
  {
    what: "a quota that is full",
    code: "E_QUOTA",
    exitCode: 9,
    line: "download --model ann/talker --max-quota-gb 0.00001",
    cure: "models gc",
  },
  {
    what: "a file that is not as installed",
    code: "E_VERIFY",
    exitCode: 10,
    line: "verify",
    prepare: async (w) => {
      await w.models("download --model ann/talker");
      await Bun.write(join(w.modelsRoot, "transformers/ann/talker/config.json"), "[]");
    },
    cure: "download --model ann/talker",
  },
  {
    what: "a machine that is too small",
    code: "E_COMPAT",
    exitCode: 11,
    line: "download --model ann/giant --force-compat",
    cure: "--force-compat",
  },
  {
    what: "a model that a server uses",
    code: "E_BUSY",
    exitCode: 12,
    line: "remove --model bob/small-GGUF --yes",
    prepare: async (w) => {
      await w.models("download --model bob/small-GGUF");
      return createUseLocks(w.modelsRoot, { clock: systemClock }).hold("bob/small-GGUF");
    },
    cure: "in use",
  },
];

describe("how a verb fails", () => {
  test.each(refusals)(
    "$what is $code",
    async ({ code, exitCode, line, env = {}, prepare, cure }) => {
      for (const isJson of [true, false]) {
        await using w = await createModelsWorld(repositories());
        serveGiant(w.server);
        await using held = (await prepare?.(w)) ?? null;
        void held;
        const outcome = await w.models(`${line}${isJson ? " --json" : ""}`, env);
        expect(outcome.exitCode).toBe(exitCode);
        if (isJson) {
          expect([outcome.json.success, outcome.json.error_code]).toEqual([false, code]);
          expect(outcome.json.message).toContain(cure);
          expect(outcome.out.trim().split("\n")).toHaveLength(1);
        } else {
          expect(outcome.error).toContain(`[${code}]`);
          expect(outcome.error).toContain(cure);
        }
      }
    },
    limitMs,
  );

  test(
    "Ctrl-C is E_INTERRUPTED, keeps the part, and the next run goes on",
    async () => {
      await using w = await createModelsWorld({
        "ann/big": { files: { "big.bin": makeBytes(4_000_000, 9) } },
      });
      w.server.bytesPerSecond = 300_000;
      const main = resolve(import.meta.dir, "../../../../src/main.ts");
      const child = Bun.spawn(
        [process.execPath, "--no-env-file", main, "models", "download", "--model", "ann/big", "--json"],
        {
          cwd: join(w.folder.path, "work"),
          env: { PATH: process.env["PATH"], HOME: w.folder.path, HF_ENDPOINT: w.server.origin },
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      let isStopped = false;
      for await (const chunk of child.stderr) {
        const line = new TextDecoder().decode(chunk);
        const doneBytes = Number(/"done_bytes":(\d+)/.exec(line)?.[1] ?? 0);
        if (isStopped || doneBytes <= 200_000) continue;
        // Once: who presses it twice does not want to wait for an answer.
        isStopped = true;
        child.kill("SIGINT");
      }
      const out = JSON.parse(await new Response(child.stdout).text());
      expect([await child.exited, out.error_code]).toEqual([130, "E_INTERRUPTED"]);
      expect((await readdir(w.modelsRoot)).filter((name) => !name.startsWith("."))).toEqual([]);
      w.server.bytesPerSecond = null;
      const { json } = await w.models("download --model ann/big --json");
      expect(json.data["resumed_bytes"]).toBeGreaterThan(0);
      expect(Number(json.data["resumed_bytes"]) + Number(json.data["downloaded_bytes"])).toBe(4_000_000);
    },
    limitMs,
  );
});

describe("what a verb prints", () => {
  test(
    "download, dry and real, for programs and for people",
    async () => {
      await using w = await createModelsWorld(repositories());
      const dry = await w.models("download --model ann/talker --dry-run --json");
      expect(dry.json.data).toMatchObject({
        dry_run: true,
        missing_size: 40_002,
        files: [
          { path: "config.json", size: 2, present: false },
          { path: "model.safetensors", size: 40_000, present: false },
        ],
      });
      const real = await w.models("--json download --model ann/talker");
      expect(real.json).toEqual({
        success: true,
        message: "",
        error_code: null,
        data: {
          model_id: "ann/talker",
          install_path: join(w.modelsRoot, "transformers/ann/talker"),
          library: "transformers",
          revision: "main",
          commit: dry.json.data["commit"],
          total_size: 40_002,
          file_count: 2,
          resumed_bytes: 0,
          downloaded_bytes: 40_002,
        },
      });
      const events = real.error
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).event);
      expect(new Set(events)).toEqual(new Set(["asset-phase-start", "asset-phase-end", "asset-progress"]));
      const offline = await w.models("download --model ann/talker --offline --json");
      expect(offline.json.data).toMatchObject({ unchecked: true, file_count: 2 });
      const again = await w.models("download --model ann/talker --quiet");
      expect([again.exitCode, again.error]).toEqual([0, ""]);
      expect(again.out).toContain("2 files, 39 KiB");
      const refused = await w.models("download --model zoe/closed");
      expect(refused.error).toMatch(/^troupe: zoe\/closed: .* \[E_LICENSE\]\n$/);
    },
    limitMs,
  );

  test(
    "licence, pin, verify, scan, gc and remove in a row",
    async () => {
      await using w = await createModelsWorld(repositories());
      const accepted = await w.models(
        "license --model eve/strict --accept --user-id ann --license-type llama3.2 --json",
      );
      expect(accepted.json.data).toMatchObject({
        model_id: "eve/strict",
        license_accepted: { user_id: "ann", license_type: "llama3.2" },
      });
      const shown = await w.models("license --model eve/strict --show --json");
      expect(shown.json.data).toMatchObject({
        requires_acceptance: true,
        accepted: true,
        license_type: "llama3.2",
      });
      for (const id of ["eve/strict", "ann/talker"])
        expect((await w.models(`download --model ${id}`)).exitCode).toBe(0);
      expect((await w.models("pin --model ann/talker --json")).json.data).toEqual({
        model_id: "ann/talker",
        pinned: true,
        action: "pinned",
      });
      expect((await w.models("verify --json")).json.data).toEqual({
        models: ["ann/talker", "eve/strict"].map((id) => ({
          model_id: id,
          status: "ok",
          changed: [],
          missing: [],
          extra: [],
        })),
      });
      const scanned = await w.models("scan --json");
      expect(scanned.json.data).toMatchObject({
        items: [
          { model_id: "ann/talker", size: 40_002, known: true },
          { model_id: "eve/strict", size: 3000, known: true },
        ],
        total_size: 43_002,
      });
      const dry = await w.models("gc --target-gb 1 --dry-run --json");
      const real = await w.models("gc --target-gb 1 --yes --json");
      expect(real.json.data).toEqual({ ...dry.json.data, dry_run: false });
      expect(real.json.data).toMatchObject({
        removed_models: [{ model_id: "eve/strict" }],
        freed_space: 3000,
      });
      const refused = await w.models("remove --model ann/talker --yes --json");
      expect(refused.json.error_code).toBe("E_ARGS");
      await w.models("pin --model ann/talker --unpin");
      expect((await w.models("remove --model ann/talker -y --json")).json.data).toEqual({
        model_id: "ann/talker",
        freed_bytes: 40_002,
      });
    },
    limitMs,
  );

  test(
    "migrate twice, from an old place in the home too",
    async () => {
      await using w = await createModelsWorld({});
      await w.folder.write(".cache/whisper/base.pt", "w");
      await w.folder.write(".troupe/models/loose.gguf", "g");
      const dry = await w.models("migrate --dry-run --json");
      const real = await w.models("migrate --json");
      expect(real.json.data).toEqual({ ...dry.json.data, dry_run: false });
      expect(real.json.data).toMatchObject({
        operation: "migrate",
        moved: [
          { from: join(w.folder.path, ".cache/whisper/base.pt"), to: join(w.modelsRoot, "whisper/base.pt") },
          {
            from: join(w.modelsRoot, "loose.gguf"),
            to: join(w.modelsRoot, "llama-cpp/unknown/loose/loose.gguf"),
          },
        ],
        removed: [],
        mirrored: [],
        conflicts: [],
      });
      const again = await w.models("migrate");
      expect([again.exitCode, again.out]).toEqual([0, "everything is in its place\n"]);
    },
    limitMs,
  );

  test(
    "ensure, with what it did and where",
    async () => {
      await using w = await createModelsWorld({});
      const path = join(w.modelsRoot, "basic_cls/classifier.json");
      expect((await w.models("ensure --basic-cls --json")).json.data).toEqual({
        operations: [{ name: "basic_cls", status: "installed", path }],
      });
      const again = await w.models("ensure --basic-cls --spacy");
      expect(again.out).toMatch(/basic_cls +present/);
      expect(again.out).toMatch(/spacy +(skipped|present)/);
    },
    limitMs,
  );
});
