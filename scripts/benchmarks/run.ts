// All benchmarks, one after the other, each in a process of its own. Arguments name some of them.
import { resolve } from "node:path";

const scripts = ["synthesis", "recognition", "round-trip", "session", "characters", "assets"];
/** What the README shows is what a plain run prints. */
const flags: Readonly<Record<string, readonly string[]>> = { characters: ["--broken"] };
const wanted = process.argv.length > 2 ? process.argv.slice(2) : scripts;

for (const name of wanted) {
  if (!scripts.includes(name)) {
    console.error(`there is no benchmark ${name}; there are ${scripts.join(", ")}`);
    process.exit(2);
  }
  console.log(`\n## ${name}\n`);
  const child = Bun.spawn(
    [process.execPath, "--no-env-file", resolve(import.meta.dir, `${name}.ts`), ...(flags[name] ?? [])],
    {
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  const code = await child.exited;
  if (code !== 0) process.exit(code);
}
