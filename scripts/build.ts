// One file that is the whole program, for this kind of machine: `bun run build` writes dist/troupe.
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "..");
const target = resolve(
  process.argv[2] ?? join(root, "dist", process.platform === "win32" ? "troupe.exe" : "troupe"),
);
const stage = await mkdtemp(join(tmpdir(), "troupe-build-"));
try {
  const program = join(stage, "program");
  for (const name of ["package.json", "bun.lock", "bunfig.toml", "tsconfig.json", "LICENSE", "src"]) {
    await cp(join(root, name), join(program, name), { recursive: true });
  }
  run(["install", "--frozen-lockfile", "--production"], program);
  const archive = await pack(program);
  await Bun.write(join(stage, "program.tar.gz"), archive);
  const digest = new Bun.CryptoHasher("sha256").update(archive).digest("hex").slice(0, 16);
  await Bun.write(
    join(stage, "entry.ts"),
    `import archive from "./program.tar.gz" with { type: "file" };
import { launch } from ${JSON.stringify(join(root, "scripts/compiled/launch.ts"))};
await launch({ archive, digest: ${JSON.stringify(digest)} });
`,
  );
  await mkdir(resolve(target, ".."), { recursive: true });
  run(
    [
      "build",
      "--compile",
      // Packages of what is unpacked are found by its own package.json, and nothing of the user's folder is read.
      "--compile-autoload-package-json",
      "--compile-autoload-tsconfig",
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      "entry.ts",
      "--outfile",
      target,
    ],
    stage,
  );
  console.log(`${target}: ${(Bun.file(target).size / 2 ** 20).toFixed(0)} MiB`);
} finally {
  await rm(stage, { recursive: true, force: true });
}

function run(args: readonly string[], cwd: string): void {
  const { exitCode } = Bun.spawnSync([process.execPath, ...args], {
    cwd,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (exitCode !== 0) throw new Error(`bun ${args[0]} failed with ${exitCode}`);
}

/** Without what other machines need, and what nobody runs. */
async function pack(folder: string): Promise<Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  const binaries = `onnxruntime-node/bin/napi-v6/`;
  for await (const name of new Bun.Glob("**/*").scan({ cwd: folder, dot: true, followSymlinks: true })) {
    const path = name.replaceAll("\\", "/");
    const [, own] = path.split(binaries);
    if (own !== undefined && !own.startsWith(`${process.platform}/${process.arch}/`)) continue;
    if (/\.(map|d\.[cm]?ts)$/.test(path) && path.startsWith("node_modules/")) continue;
    files[path] = await Bun.file(join(folder, name)).bytes();
  }
  return await new Bun.Archive(files, { compress: "gzip" }).bytes();
}
