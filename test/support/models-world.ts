// The whole program in an empty home before a scripted hub.
import { join, resolve } from "node:path";
import { type AssetServer, createAssetServer } from "./asset-server.ts";
import { type HubRepository, type HubServerOptions, serveHub } from "./hub-server.ts";
import { createTempFolder, type TempFolder } from "./temp-folder.ts";

const main = resolve(import.meta.dir, "../../src/main.ts");

export interface ModelsWorld extends AsyncDisposable {
  readonly server: AssetServer;
  readonly repositories: Record<string, HubRepository>;
  readonly folder: TempFolder;
  /** `<home>/.troupe/models` */
  readonly modelsRoot: string;
  /** Runs `troupe models <line>`; `HF_ENDPOINT` is the scripted hub unless `env` says otherwise. */
  models(line: string, env?: Record<string, string>): Promise<Outcome>;
  /** As `models`, while it runs. */
  start(line: string, env?: Record<string, string>): Running;
}

export interface Running {
  kill(signal: NodeJS.Signals): void;
  readonly outcome: Promise<Outcome>;
}

export interface Outcome {
  exitCode: number;
  out: string;
  error: string;
  /** Of stdout, when it is JSON. */
  json: {
    success: boolean;
    message: string;
    error_code: string | null;
    data: Record<string, unknown>;
  };
}

export async function createModelsWorld(
  repositories: Record<string, HubRepository>,
  options: HubServerOptions = {},
): Promise<ModelsWorld> {
  const held = new AsyncDisposableStack();
  const server = held.use(await createAssetServer());
  const folder = held.use(await createTempFolder());
  serveHub(server, repositories, options);
  await folder.write("work/troupe.toml", "");
  return {
    server,
    repositories,
    folder,
    modelsRoot: join(folder.path, ".troupe/models"),
    models: (line, env) => start(line, env).outcome,
    start,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };

  function start(line: string, env: Record<string, string> = {}): Running {
    const args = [process.execPath, "--no-env-file", main, "models", ...line.split(" ").filter(Boolean)];
    const child = Bun.spawn(args, {
      cwd: join(folder.path, "work"),
      env: { PATH: process.env["PATH"], HOME: folder.path, HF_ENDPOINT: server.origin, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const wait = async (): Promise<Outcome> => {
      const [out, error, exitCode] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { exitCode, out, error, json: out.startsWith("{") ? JSON.parse(out) : {} };
    };
    return { kill: (signal) => child.kill(signal), outcome: wait() };
  }
}
