import { expect, test } from "bun:test";
import { join } from "node:path";
import { spawnChild } from "../../src/base/child-process.ts";
import type { AppError } from "../../src/base/errors.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const serveParentFrom = join(import.meta.dir, "../../src/base/child-process.ts");

async function spawnWith(handlers: string, options: { env?: Record<string, string>; lines?: string[] } = {}) {
  const folder = await createTempFolder();
  const entry = await folder.write(
    "child.ts",
    `import { serveParent } from ${JSON.stringify(serveParentFrom)};\nserveParent(${handlers});`,
  );
  const child = spawnChild({
    title: "the test child",
    entry,
    ...(options.env && { env: options.env }),
    onOutput: (line) => options.lines?.push(line),
  });
  return {
    child,
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("typed arrays go there and back unharmed", async () => {
  await using spawned = await spawnWith("{ scale: ({ pcm, by }) => pcm.map((x) => x * by) }");
  const pcm = Float32Array.from([0.25, -0.5, 1]);
  expect(await spawned.child.call("scale", { pcm, by: 2 })).toEqual(Float32Array.from([0.5, -1, 2]));
});

test("a child that is killed in mid-call rejects the call and says how it ended", async () => {
  await using spawned = await spawnWith("{ hang: () => new Promise(() => {}), ready: () => 1 }");
  await spawned.child.call("ready", null);
  const call = spawned.child.call("hang", null).catch((error: AppError) => error);
  spawned.child.kill("SIGKILL");
  expect(await call).toMatchObject({ code: "E_BUSY", message: "the test child stopped (SIGKILL)" });
  expect(await spawned.child.exited).toEqual({ code: null, signal: "SIGKILL" });
  expect(spawned.child.isRunning).toBe(false);
});

test("a signal to the whole group leaves the children to their parent", async () => {
  await using spawned = await spawnWith("{ ready: () => 1 }");
  await spawned.child.call("ready", null);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    spawned.child.kill(signal);
    expect(await spawned.child.call("ready", null)).toBe(1);
  }
  expect(spawned.child.isRunning).toBe(true);
});

test("a child sees only the variables it is given and those it needs to run", async () => {
  process.env.TROUPE_TEST_SECRET = "do not pass on";
  await using spawned = await spawnWith("{ env: () => ({ ...process.env }) }", { env: { MINE: "1" } });
  const env = (await spawned.child.call("env", null)) as Record<string, string>;
  delete process.env.TROUPE_TEST_SECRET;
  expect(env.MINE).toBe("1");
  expect(env.PATH).toBeString();
  expect(env).not.toHaveProperty("TROUPE_TEST_SECRET");
});

test("what a child prints arrives line by line, overlong lines cut", async () => {
  const lines: string[] = [];
  const handlers = '{ print: () => { console.log("one\\ntwo"); console.error("x".repeat(10000)); } }';
  const spawned = await spawnWith(handlers, { lines });
  await spawned.child.call("print", null);
  spawned.child.kill("SIGTERM");
  await spawned[Symbol.asyncDispose]();
  expect(lines.filter((line) => !line.startsWith("x"))).toEqual(["one", "two"]);
  expect(lines.find((line) => line.startsWith("x"))).toHaveLength(4096);
});

test("a child that has hung up is called in vain, and nothing else", async () => {
  await using spawned = await spawnWith(
    `{ hangUp() { process.removeAllListeners("disconnect"); process.disconnect(); setInterval(() => {}, 100); } }`,
  );
  const codes = new Set<unknown>();
  // Whenever the hanging up is noticed: before it and after it a call comes to its deadline.
  for (let i = 0; i < 40; i++) {
    const failed = spawned.child.call("hangUp", null, { timeoutMs: 10 }).catch((error: AppError) => error);
    codes.add(((await failed) as AppError).code);
  }
  expect([...codes]).toEqual(["E_BUSY"]);
});
