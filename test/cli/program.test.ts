import { describe, expect, test } from "bun:test";
import type { CliApp, OpenAppOptions } from "../../src/cli/app-port.ts";
import { runCli } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/output.ts";
import { AppError } from "../../src/base/errors.ts";
import { createEventHub } from "../../src/base/events.ts";

function createTerminal(): Terminal & { out: string; error: string } {
  return {
    out: "",
    error: "",
    writeOut(data) {
      this.out += typeof data === "string" ? data : new TextDecoder().decode(data);
    },
    writeError(text) {
      this.error += text;
    },
    isInteractive: false,
    columns: 80,
  };
}

/** An app of which only `parts` may be touched. */
const createApp = (parts: Partial<CliApp>): CliApp =>
  ({
    version: "0.0.0",
    events: createEventHub(),
    settings: [],
    roots: [],
    warnings: [],
    defaultAssets: [],
    projectAssets: [],
    assetCredentials: [],
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...parts,
  }) as CliApp;

async function run(line: string[], parts: Partial<CliApp> = {}, signal = new AbortController().signal) {
  const terminal = createTerminal();
  const opened: OpenAppOptions[] = [];
  const exitCode = await runCli(line, {
    version: "1.2.3",
    openApp: (options) => {
      opened.push(options);
      return Promise.resolve(createApp(parts));
    },
    terminal,
    readInput: () => Promise.resolve(""),
    readLines: async function* () {},
    isInteractive: false,
    hasColor: false,
    signal,
  });
  return { exitCode, out: terminal.out, error: terminal.error, opened };
}

const settings = [{ key: "server.port", value: 3000, source: "default", description: "Port." }];

describe("the command line", () => {
  test("help names every verb, and every verb's help has an example", async () => {
    const { exitCode, out } = await run(["--help"]);
    expect(exitCode).toBe(0);
    const verbs = [
      "serve",
      "chat",
      "say",
      "transcribe",
      "characters",
      "assets",
      "providers",
      "doctor",
      "config",
    ];
    for (const verb of verbs) expect(out).toContain(verb);
    for (const line of [
      "serve",
      "chat",
      "say",
      "transcribe",
      "assets list",
      "characters check",
      "doctor",
      "config show",
    ]) {
      expect((await run([...line.split(" "), "--help"])).out).toContain("Example:");
    }
    expect((await run(["--version"])).out).toBe("1.2.3\n");
  });

  test("a misspelt verb gets the nearest one, and exit status 2", async () => {
    const { exitCode, error } = await run(["trnascribe", "x.wav"]);
    expect(exitCode).toBe(2);
    expect(error).toContain("Did you mean transcribe?");
  });

  test("every verb, and every verb of a group, has help with an example", async () => {
    const verbsOf = (help: string): string[] =>
      [...(help.split("Commands:\n")[1]?.split("\n\n")[0] ?? "").matchAll(/^ {2}(\S+)/gm)]
        .map(([, verb = ""]) => verb)
        .filter((verb) => verb !== "help");
    const check = async (path: readonly string[]): Promise<void> => {
      const { out } = await run([...path, "--help"]);
      expect(out, path.join(" ")).toContain("Example:");
      for (const verb of verbsOf(out)) await check([...path, verb]);
    };
    await check([]);
  });

  test("no verb at all is wrong usage, in words or as the envelope", async () => {
    expect((await run([])).exitCode).toBe(2);
    const { exitCode, out } = await run(["--json"]);
    expect([exitCode, JSON.parse(out)]).toEqual([
      2,
      {
        success: false,
        message: "name a verb; troupe --help shows them",
        error_code: "E_ARGS",
        data: null,
      },
    ]);
  });

  test("completion prints a script without opening anything", async () => {
    const { exitCode, out, opened } = await run(["completion", "zsh"]);
    expect([exitCode, opened]).toEqual([0, []]);
    expect(out).toStartWith("#compdef troupe\n");
    expect((await run(["completion", "csh"])).exitCode).toBe(2);
    const { data } = JSON.parse((await run(["completion", "fish", "--json"])).out) as {
      data: { shell: string };
    };
    expect(data.shell).toBe("fish");
  });

  test("with --json, wrong usage is one envelope on stdout and nothing else", async () => {
    const { exitCode, out, error } = await run(["--json", "assets", "nonsense"]);
    expect(exitCode).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ success: false, error_code: "E_ARGS", data: null });
    expect(error).toBe("");
  });

  test("global flags count on either side of the verb", async () => {
    for (const line of [
      ["--json", "--offline", "config", "show"],
      ["config", "show", "--offline", "--json"],
      ["config", "--offline", "show", "--json"],
    ]) {
      const { out, opened } = await run(line, { settings });
      expect(JSON.parse(out)).toEqual({
        success: true,
        message: "",
        error_code: null,
        data: { settings: { "server.port": 3000 }, sources: { "server.port": "default" } },
      });
      expect(opened[0]?.overrides).toEqual({ "settings.assets.offline": true });
    }
  });

  test("flags of a verb stand for settings", async () => {
    const abort = new AbortController();
    abort.abort(new AppError("E_INTERRUPTED", "stopped"));
    const serve = () =>
      Promise.resolve({
        url: "http://127.0.0.1:1",
        drain: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    const { exitCode, out, opened } = await run(
      ["serve", "--port", "0", "--characters", "cast", "--mirror", "http://m"],
      { serve },
      abort.signal,
    );
    expect(exitCode).toBe(0);
    expect(out).toBe("listening on http://127.0.0.1:1\n");
    expect(opened[0]).toMatchObject({
      overrides: { "server.port": "0", "characters.dir": "cast", "settings.assets.mirror": "http://m" },
      logs: "human",
    });
  });

  test("serve names both of its ports, where https has one of its own", async () => {
    const abort = new AbortController();
    abort.abort(new AppError("E_INTERRUPTED", "stopped"));
    const serve = () =>
      Promise.resolve({
        url: "http://127.0.0.1:1",
        tlsUrl: "https://127.0.0.1:2",
        drain: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    const flags = ["serve", "--tls-cert", "a.pem", "--tls-key", "b.pem", "--tls-port", "2"];
    const { out, opened } = await run(flags, { serve }, abort.signal);
    expect(out).toBe("listening on http://127.0.0.1:1 and https://127.0.0.1:2\n");
    expect(opened[0]?.overrides).toEqual({
      "server.tls_cert": "a.pem",
      "server.tls_key": "b.pem",
      "server.tls_port": "2",
    });
  });

  test("a coded failure gives its exit status, in words or as the envelope", async () => {
    const assets = {
      list: () => Promise.reject(new AppError("E_DISK", "the disk is full; free some space", { path: "x" })),
    } as unknown as CliApp["assets"];
    const human = await run(["assets", "list"], { assets });
    expect([human.exitCode, human.error]).toEqual([
      8,
      "troupe: the disk is full; free some space [E_DISK]\n",
    ]);
    const json = await run(["assets", "list", "--json"], { assets });
    expect(JSON.parse(json.out)).toEqual({
      success: false,
      message: "the disk is full; free some space",
      error_code: "E_DISK",
      data: { path: "x" },
    });
  });

  test("a bug is exit status 70, its text only where a person reads it", async () => {
    const assets = {
      list: () => Promise.reject(new TypeError("secret detail")),
    } as unknown as CliApp["assets"];
    const json = await run(["assets", "list", "--json"], { assets });
    expect([json.exitCode, json.out.includes("secret detail")]).toEqual([70, false]);
    // One event a line: for whoever has to mend it.
    expect(JSON.parse(json.error)).toEqual({
      event: "error",
      stack: expect.stringContaining("secret detail"),
    });
  });

  test("an interrupt is exit status 130", async () => {
    const abort = new AbortController();
    const assets = {
      list: () => {
        abort.abort(new AppError("E_INTERRUPTED", "stopped by SIGINT"));
        return Promise.reject(new Error("the socket was closed"));
      },
    } as unknown as CliApp["assets"];
    expect((await run(["assets", "list"], { assets }, abort.signal)).exitCode).toBe(130);
  });

  test("download wants names or --all, not both and not neither", async () => {
    expect((await run(["assets", "download"])).exitCode).toBe(2);
    expect((await run(["assets", "download", "x", "--all"])).exitCode).toBe(2);
  });
});
