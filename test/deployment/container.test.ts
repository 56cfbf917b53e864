// The container's two files cannot be built here; what they promise can be read out of them.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import packageJson from "../../package.json" with { type: "json" };
import { loadSettings } from "../../src/config/load-settings.ts";

const root = resolve(import.meta.dir, "../..");
const dockerfile = (await Bun.file(join(root, "Dockerfile")).text()).replaceAll("\\\n", " ");
const instructions = dockerfile
  .split("\n")
  .map((line) => /^([A-Z]+)\s+(.+)$/.exec(line))
  .filter((match) => match !== null)
  .map(([, name = "", rest = ""]) => ({ name, rest: rest.trim() }));
const all = (name: string): string[] => instructions.filter((i) => i.name === name).map(({ rest }) => rest);
const compose = parse(await Bun.file(join(root, "compose.yaml")).text());
const service = compose.services.troupe;
const env = Object.fromEntries([...(all("ENV")[0] ?? "").matchAll(/(\w+)=(\S+)/g)].map((m) => [m[1], m[2]]));

const roots = {
  TROUPE_MODELS_ROOT: "/data/models",
  TROUPE_CACHE_ROOT: "/data/cache",
  TROUPE_CREDENTIALS_ROOT: "/data/credentials",
  TROUPE_ASSETS_DIR: "/data/models/assets",
};

describe("the image", () => {
  test("is made with the runtime that package.json names", () => {
    const version = packageJson.packageManager.split("@")[1];
    for (const image of all("FROM")) expect(image).toStartWith(`oven/bun:${version}-`);
  });

  test("takes nothing that is not there, and nothing that is kept out of it", async () => {
    const ignored = (await Bun.file(join(root, ".dockerignore")).text()).split("\n");
    for (const line of all("COPY").filter((copy) => !copy.startsWith("--from"))) {
      for (const path of line.split(/\s+/).slice(0, -1)) {
        expect([path, existsSync(join(root, path))]).toEqual([path, true]);
        expect(ignored).toContain(`!${path}`);
      }
    }
    expect(ignored[0]).toBe("*");
  });

  test("runs as nobody special, keeps its state in /data, and says whether it is well", () => {
    expect(all("USER")).toEqual(["bun"]);
    const order = instructions.map(({ name }) => name);
    expect(order.indexOf("USER")).toBeLessThan(order.indexOf("ENTRYPOINT"));
    expect(order.lastIndexOf("RUN")).toBeLessThan(order.indexOf("USER"));
    expect(JSON.parse(all("VOLUME")[0] ?? "[]")).toEqual([
      "/data/models",
      "/data/cache",
      "/data/credentials",
    ]);
    expect(env).toMatchObject(roots);
    expect(all("HEALTHCHECK")[0]).toContain("/livez");
  });

  test("starts the program, with settings that it understands", () => {
    const [, , script] = JSON.parse(all("ENTRYPOINT")[0] ?? "[]");
    expect(existsSync(join(root, script))).toBe(true);
    const { settings } = loadSettings({ env: { ...env, HOME: "/nonexistent" }, cwd: "/" });
    expect(settings["settings.assets.cache_dir"]).toBe("/data/models/assets");
    expect([settings["server.host"], settings["server.port"]]).toEqual(["0.0.0.0", 3000]);
  });
});

describe("compose.yaml", () => {
  test("sets the roots, mounts them, and takes secrets from .env", () => {
    expect(service.environment).toMatchObject(roots);
    expect(service.env_file).toBe(".env");
    expect(service.volumes).toEqual(
      expect.arrayContaining(["models:/data/models", "cache:/data/cache", "credentials:/data/credentials"]),
    );
    expect(Object.keys(compose.volumes)).toEqual(["models", "cache", "credentials"]);
  });

  test("is no one special, is well or not, and lets running answers end", () => {
    expect(service.user).toBe("bun");
    expect(service.healthcheck.test.join(" ")).toContain("/livez");
    const drainSeconds = loadSettings({ env: { HOME: "/nonexistent" }, cwd: "/" }).settings[
      "server.drain_seconds"
    ];
    expect(Number.parseInt(service.stop_grace_period, 10)).toBeGreaterThan(drainSeconds);
  });
});
