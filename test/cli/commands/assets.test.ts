// The whole program against a scripted server: declared assets from the project file to the disk and off it again.
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createUseLocks } from "../../../src/assets/registry/use-locks.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { type AssetServer, createAssetServer } from "../../support/asset-server.ts";
import { buildZip } from "../../support/build-zip.ts";
import { eventually } from "../../support/eventually.ts";
import { createTempFolder, type TempFolder } from "../../support/temp-folder.ts";
import { makeBytes, sha256 } from "../../assets/store-fixture.ts";

const main = resolve(import.meta.dir, "../../../src/main.ts");
const voice = makeBytes(50_000);
const zip = buildZip([{ path: "words/en.txt", content: "hello", deflate: true }]);
const token = "sesame-0123456789";

interface World extends AsyncDisposable {
  server: AssetServer;
  folder: TempFolder;
  assetsDir: string;
  troupe(line: string, env?: Record<string, string>): Promise<Outcome>;
}

interface Outcome {
  exitCode: number;
  out: string;
  error: string;
  json: { success: boolean; error_code: string | null; data: Record<string, unknown> };
}

async function createWorld(): Promise<World> {
  const held = new AsyncDisposableStack();
  const server = held.use(await createAssetServer());
  const folder = held.use(await createTempFolder());
  server.serve("/voice.bin", voice);
  server.serve("/words.zip", zip);
  server.respond((request) =>
    request.path !== "/secret.bin"
      ? null
      : request.headers["x-api-key"] === token
        ? { kind: "redirect", to: `${server.otherOrigin}/cdn.bin` }
        : { kind: "status", status: 401 },
  );
  server.serve("/cdn.bin", voice);
  await folder.write(
    "project/troupe.toml",
    `[settings.assets]
cache_dir = "../assets"
[storage]
cache_root = "../cache"
models_root = "../models"

[[assets]]
name = "voice"
asset_type = "voice"
version = "2"
checksum = "sha256:${sha256(voice)}"
source = { type = "http", url = "${server.origin}/voice.bin" }

[[assets]]
name = "words"
unpack = true
unpack_format = "zip"
unpack_destination_is_file = true
source = { type = "http", url = "${server.origin}/words.zip" }

[[assets]]
name = "secret"
source = { type = "http", url = "${server.origin}/secret.bin" }
authentication = { strategy = "env_token", http = { token_env_var = "SECRET_TOKEN", scheme = "", header_name = "X-API-Key" } }

[[assets]]
name = "beside"
progress_report = false
source = { type = "local", path = "beside.bin" }
`,
  );
  await folder.write("project/beside.bin", "beside");
  await folder.write("project/deep/er/x", "");
  return {
    server,
    folder,
    assetsDir: join(folder.path, "assets"),
    async troupe(line, env = {}) {
      const child = Bun.spawn([process.execPath, "--no-env-file", main, ...line.split(" ")], {
        cwd: join(folder.path, "project/deep/er"),
        env: { PATH: process.env["PATH"], HOME: folder.path, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const [out, error, exitCode] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { exitCode, out, error, json: out.startsWith("{") ? JSON.parse(out) : {} };
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** The text of every file below a folder. */
async function readEverything(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => Bun.file(file).text()))).join("\n");
}

describe("troupe assets", () => {
  test("brings declared assets, lists them, verifies them and takes them away", async () => {
    await using w = await createWorld();
    const listed = await w.troupe("assets list --json");
    const assets = listed.json.data["assets"] as Record<string, unknown>[];
    expect(assets.find(({ name }) => name === "voice")).toEqual({
      name: "voice",
      version: "2",
      asset_type: "voice",
      source_type: "http",
      checksum: `sha256:${sha256(voice)}`,
      status: "not cached",
      path: join(w.assetsDir, "voice/voice/2"),
    });
    expect(assets.map(({ name }) => name)).toContain("kokoro-82m-q8");

    const brought = await w.troupe("assets download voice words beside --json");
    expect(brought.exitCode).toBe(0);
    expect(brought.json.data["assets"]).toEqual([
      {
        name: "voice",
        path: join(w.assetsDir, "voice/voice/2/voice.bin"),
        from_cache: false,
        downloaded_bytes: voice.length,
        resumed_bytes: 0,
      },
      {
        name: "words",
        path: join(w.assetsDir, "model/words/latest/words/en.txt"),
        from_cache: false,
        downloaded_bytes: zip.length,
        resumed_bytes: 0,
      },
      {
        name: "beside",
        path: join(w.assetsDir, "model/beside/latest/beside.bin"),
        from_cache: false,
        downloaded_bytes: 0,
        resumed_bytes: 0,
      },
    ]);
    const events = brought.error
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string; asset?: string });
    expect(events.some((e) => e.event === "asset-progress" && e.asset === "voice")).toBe(true);
    expect(events.some((e) => e.asset === "beside")).toBe(false); // it wants no report

    expect((await w.troupe("assets download voice --json")).json.data["assets"]).toEqual([
      expect.objectContaining({ from_cache: true, downloaded_bytes: 0 }),
    ]);
    expect((await w.troupe("assets verify")).exitCode).toBe(0);
    await Bun.write(join(w.assetsDir, "voice/voice/2/voice.bin"), "tampered");
    const bad = await w.troupe("assets verify --json");
    expect([bad.exitCode, bad.json.error_code]).toEqual([10, "E_VERIFY"]);
    expect((bad.json.data["assets"] as { name: string }[]).find(({ name }) => name === "voice")).toEqual({
      name: "voice",
      status: "changed",
      expected: `sha256:${sha256(voice)}`,
      found: `sha256:${sha256("tampered")}`,
    } as never);
    expect((await w.troupe("assets verify voice")).out).toContain(sha256("tampered"));

    const cleared = await w.troupe("assets clear-cache --all --yes --json");
    expect(cleared.json.data).toEqual({
      removed: ["beside", "voice", "words"],
      freed_bytes: expect.any(Number),
    });
    expect((await readdir(w.assetsDir)).sort()).toEqual([".locks", ".staging"]);
  }, 60_000);

  test("a token reaches its origin alone, and nothing that is written or printed has it", async () => {
    await using w = await createWorld();
    const missing = await w.troupe("assets download secret --json");
    expect([missing.exitCode, missing.json.data["token_env_var"]]).toEqual([5, "SECRET_TOKEN"]);
    expect(missing.error).toContain("SECRET_TOKEN is not set");

    const outcomes = [
      await w.troupe("assets download secret --json -v", { SECRET_TOKEN: ` ${token}\n` }),
      await w.troupe("assets list", { SECRET_TOKEN: token }),
      await w.troupe("config show --sources", { SECRET_TOKEN: token }),
    ];
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    for (const { out, error } of outcomes) expect(out + error).not.toContain(token);
    expect(await readEverything(w.folder.path)).not.toContain(token);
    const [asked, followed] = [
      w.server.requests.filter((r) => r.origin === "main" && r.headers["x-api-key"] === token),
      w.server.requests.filter((r) => r.origin === "other"),
    ];
    expect(asked.length).toBe(1);
    expect(followed.length).toBe(1);
    expect(JSON.stringify(followed)).not.toContain(token);
  }, 60_000);

  test("a token in the project's .env counts; with strict authentication a missing one stops before any request", async () => {
    await using w = await createWorld();
    await w.folder.write("project/.env", `SECRET_TOKEN=${token}\n`);
    expect((await w.troupe("assets download secret")).exitCode).toBe(0);
    await w.folder.write("project/.env", "");
    const path = join(w.folder.path, "project/troupe.toml");
    const text = await Bun.file(path).text();
    await Bun.write(path, text.replace("cache_dir", "strict_authentication = true\ncache_dir"));
    const before = w.server.requests.length;
    expect((await w.troupe("assets download secret")).exitCode).toBe(0); // it is here: no token is needed
    const strict = await w.troupe("assets download secret --force --json");
    expect([strict.exitCode, strict.json.data["token_env_var"]]).toEqual([5, "SECRET_TOKEN"]);
    expect(w.server.requests.length).toBe(before);
  }, 60_000);

  test("clear-cache asks at a terminal, and only a yes removes anything", async () => {
    await using w = await createWorld();
    expect((await w.troupe("assets download voice")).exitCode).toBe(0);
    const place = join(w.assetsDir, "voice/voice/2/voice.bin");
    const answer = async (text: string, outcome: string, expectedCode = 0): Promise<void> => {
      let shown = "";
      let isAnswered = false;
      const decoder = new TextDecoder();
      const terminal = new Bun.Terminal({
        cols: 200,
        rows: 24,
        data(given, bytes) {
          shown += decoder.decode(bytes, { stream: true });
          if (isAnswered || !shown.includes("[y/N]")) return;
          isAnswered = true;
          // A terminal of a test is nobody's own, so that its Ctrl-C is only a sign.
          if (text === "SIGINT") child.kill(text);
          else given.write(text);
        },
      });
      const child = Bun.spawn(
        [process.execPath, "--no-env-file", main, "assets", "clear-cache", "--asset", "voice"],
        {
          cwd: join(w.folder.path, "project"),
          env: { PATH: process.env["PATH"], HOME: w.folder.path, TERM: "xterm" },
          terminal,
        },
      );
      const exitCode = await child.exited;
      await eventually(`"${outcome}" in ${JSON.stringify(shown)}`, () => shown.includes(outcome), 10_000);
      terminal.close();
      expect([exitCode, isAnswered]).toEqual([expectedCode, true]);
    };
    await answer("n\r", "Remove voice from disk? [y/N]");
    await answer("\r", "nothing was removed");
    await answer("SIGINT", "E_INTERRUPTED", 130);
    expect(await Bun.file(place).exists()).toBe(true);
    await answer("y\r", "voice: removed");
    expect(await Bun.file(place).exists()).toBe(false);
  }, 60_000);

  test("clear-cache wants one or all, and a yes from somebody", async () => {
    await using w = await createWorld();
    for (const [line, word] of [
      ["assets clear-cache", "--asset"],
      ["assets clear-cache --all --asset voice --yes", "--asset"],
      ["assets clear-cache --all", "--yes"],
      ["assets clear-cache -a voice --json", "--yes"],
    ] as const) {
      const { exitCode, out, error } = await w.troupe(line);
      expect([line, exitCode]).toEqual([line, 2]);
      expect(out + error).toContain(word);
    }
    expect((await w.troupe("assets clear-cache -a nobody --yes")).exitCode).toBe(4);
    const none = await w.troupe("assets clear-cache -a voice --yes --json");
    expect(none.json.data).toEqual({ removed: [], freed_bytes: 0 });
  }, 60_000);

  test("clear-cache leaves what another process works with, unless it is forced", async () => {
    await using w = await createWorld();
    expect((await w.troupe("assets download voice words")).exitCode).toBe(0);
    const locks = createUseLocks(join(w.folder.path, "models"), { clock: systemClock });
    await using hold = await locks.hold("voice");
    void hold;
    for (const line of [
      "assets clear-cache -a voice --yes --json",
      "assets clear-cache --all --yes --json",
    ]) {
      const { exitCode, json } = await w.troupe(line);
      expect([exitCode, json.error_code]).toEqual([12, "E_BUSY"]);
      expect(json.data).toMatchObject({ model_id: "voice" });
    }
    expect((await w.troupe("assets verify words")).out).not.toContain("not cached");
    expect((await w.troupe("assets clear-cache -a words --yes --json")).json.data["removed"]).toEqual([
      "words",
    ]);
    const forced = await w.troupe("assets clear-cache -a voice --force --yes --json");
    expect(forced.json.data["removed"]).toEqual(["voice"]);
  }, 60_000);

  test("one asset that cannot be had takes none of the others along", async () => {
    await using w = await createWorld();
    w.server.failAlways("/words.zip", { kind: "status", status: 404 });
    const { exitCode, json } = await w.troupe("assets download words voice secret voice --json");
    expect([exitCode, json.error_code]).toEqual([4, "E_NOT_FOUND"]);
    expect(json.data).toMatchObject({ asset: "words", assets: [{ name: "voice", from_cache: false }] });
    const again = await w.troupe("assets download words voice secret");
    expect(again.exitCode).toBe(4);
    expect(again.out).toBe(`voice: ${join(w.assetsDir, "voice/voice/2/voice.bin")}\n`);
    expect(again.error).toContain("words.zip is not there");
    expect(again.error).toContain("SECRET_TOKEN");
    const requests = w.server.requests.length;
    expect((await w.troupe("assets download nobody words")).exitCode).toBe(4);
    expect(w.server.requests.length).toBe(requests);
  }, 60_000);

  test("a project file that does not fit is exit 3 with file, line and field", async () => {
    await using w = await createWorld();
    await w.folder.write("project/troupe.toml", '[[assets]]\nname = "a"\nsource = { type = "ftp" }\n');
    const { exitCode, json } = await w.troupe("assets list --json");
    expect(exitCode).toBe(3);
    expect(json.data).toMatchObject({ line: 3, field: "assets[0].source.type" });
  }, 60_000);

  test("offline, what is here is served and what is not is told with the way to bring it", async () => {
    await using w = await createWorld();
    await w.troupe("assets download voice");
    expect((await w.troupe("assets download voice --offline")).exitCode).toBe(0);
    const missing = await w.troupe("assets download words --json", { HF_HUB_OFFLINE: "1" });
    expect([missing.exitCode, missing.json.error_code]).toEqual([7, "E_NET"]);
    expect(missing.json.data).toMatchObject({ offline: true, asset: "words" });
  }, 60_000);

  test("a quota that is reached is exit 9 before the first byte", async () => {
    await using w = await createWorld();
    const path = join(w.folder.path, "project/troupe.toml");
    const text = await Bun.file(path).text();
    await Bun.write(path, text.replace("cache_dir", "quota_gb = 0.001\ncache_dir"));
    await w.folder.write("models/llama-cpp/o/n/model.gguf", new Uint8Array(1_050_000));
    const { exitCode, json } = await w.troupe("assets download voice --json");
    expect([exitCode, json.error_code]).toEqual([9, "E_QUOTA"]);
    const downloads = join(w.folder.path, "cache/downloads");
    for (const name of (await readdir(downloads)).filter((part) => part.endsWith(".part"))) {
      expect(Bun.file(join(downloads, name)).size).toBe(0);
    }
    expect((await w.troupe("assets download words")).exitCode).toBe(0);
  }, 60_000);
});
