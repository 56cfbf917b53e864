// Processes that die, and characters that misbehave, cost what is theirs; everyone else talks on.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { type RealApp, startRealApp } from "../support/real-app.ts";
import { openSoundingSession } from "../support/sounding-session.ts";

/** On a busy machine an engine takes long to come, and to come again. */
setDefaultTimeout(120_000);

let real: RealApp;
beforeAll(async () => {
  real = await startRealApp({ characters: ["tock.ts", "juniper.ts"] });
}, 120_000);
afterAll(async () => {
  await real[Symbol.asyncDispose]();
});

/** Child processes of this one whose command line names `part`. */
function findChildren(part: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
        return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(part);
      } catch {
        // Gone between the listing and the look.
        return false;
      }
    });
}

const speech = (input: string) =>
  fetch(`${real.url}/v1/audio/speech`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "kokoro", voice: "af_heart", input, response_format: "pcm" }),
  });
const ask = async (model: string, content: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(`${real.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content }] }),
  });
  const body = (await response.json()) as { choices?: { message: { content: string } }[] };
  return { status: response.status, text: body.choices?.[0]?.message.content ?? "" };
};
const listCharacters = async () =>
  (await (await fetch(`${real.url}/v1/characters`)).json()) as {
    characters: { name: string; status: string; metadata: Record<string, unknown> }[];
    errors: { file: string; stage: string; error_type: string }[];
  };

test("an engine killed in mid-sentence is back by itself, and speaks", async () => {
  const [engine] = findChildren("kokoro/engine");
  expect(engine).toBeNumber();
  const long = speech(
    "This sentence goes on for a while, so that there is time to pull the plug on it. And another.",
  );
  const reader = (await long).body?.getReader();
  await reader?.read();
  const back = new Promise<number>((resolve) => {
    let exitedAtMs = Number.NaN;
    const subscription = real.app.events.subscribe((event) => {
      if (!("engine" in event) || event.engine !== "kokoro") return;
      if (event.type === "engine-exit") exitedAtMs = performance.now();
      if (event.type !== "engine-load-end") return;
      subscription[Symbol.dispose]();
      resolve(performance.now() - exitedAtMs);
    });
  });
  process.kill(engine as number, "SIGKILL");
  console.log(`engine back ${Math.round(await back)} ms after its end`);
  // The sentence under way is lost or goes on with the new engine; its stream ends either way.
  const rest = (async () => {
    while ((await reader?.read())?.done === false);
  })();
  await rest.catch(() => undefined);
  const next = await speech("I am back.");
  expect(next.status).toBe(200);
  const bytes = await next.bytes();
  expect(await real.hear(toSamples(bytes))).toMatch(/back/i);
  expect(findChildren("kokoro/engine")).not.toContain(engine as number);
});

const toSamples = (bytes: Uint8Array): Float32Array =>
  Float32Array.from(new Int16Array(bytes.slice().buffer), (sample) => sample / 32768);

const character = (name: string, extra = "") => `
export const CHARACTER_NAME = ${JSON.stringify(name)};
export const VOICE_SOURCE = { source_type: "kokoro", voice: "am_michael" };
export const INSTRUCTIONS = { type: "constant", text: "Be brief." };
export const METADATA = { good: true, tagline: "first" };
${extra}
export class PromptGenerator {
  makeSystemPrompt() { return "Be brief."; }
  reply() { return "I am ${name}."; }
}`;

test("saving a file changes the running server; deleting it takes the character off", async () => {
  const file = join(real.charactersDir, "gus.ts");
  await Bun.write(file, character("Gus"));
  await eventually("Gus", async () => (await listCharacters()).characters.some(({ name }) => name === "Gus"));
  expect(await ask("Gus", "Hello")).toEqual({ status: 200, text: "I am Gus." });
  await Bun.write(file, character("Gus").replace("I am Gus.", "Edited."));
  await eventually("the edit", async () => (await ask("Gus", "Hello")).text === "Edited.");
  await rm(file);
  await eventually(
    "Gus's leave",
    async () => !(await listCharacters()).characters.some(({ name }) => name === "Gus"),
  );
});

/** Has more to say than the test lasts. */
const reader = `
export const CHARACTER_NAME = "Reader";
export const VOICE_SOURCE = { source_type: "kokoro", voice: "bf_emma" };
export const INSTRUCTIONS = { type: "constant", text: "Read on." };
export const METADATA = { replies: "scripted" };
export class PromptGenerator {
  makeSystemPrompt() { return "Read on."; }
  *reply() {
    for (let page = 1; page < 40; page++) yield "The rain had stopped by then, and nobody in the house was asleep. ";
  }
}`;

test("files that break, hang and exit leave everyone else talking, and Kokoro's sound without a gap", async () => {
  await Bun.write(join(real.charactersDir, "reader.ts"), reader);
  await eventually("Reader", async () =>
    (await listCharacters()).characters.some(({ name }) => name === "Reader"),
  );
  // Of the five seconds that are sent ahead: while the others misbehave, the rest has to be made.
  await using sound = await openSoundingSession(real.url, "Reader", { leadMs: 4000 });
  const bad = {
    "syntax.ts": "export const CHARACTER_NAME = 'Syn",
    "hang.ts": character("Hang", "while (true) {}"),
    "exit.ts": character("Exit", "process.exit(3);"),
  };
  for (const [name, text] of Object.entries(bad)) await Bun.write(join(real.charactersDir, name), text);
  const seen = eventually(
    "the three problems",
    async () => {
      const { errors } = await listCharacters();
      return errors.length === 3 ? errors : undefined;
    },
    30_000,
  );
  // While they misbehave, the others answer.
  let slowestMs = 0;
  for (let i = 0; i < 20; i++) {
    const startMs = performance.now();
    const { status, text } = await ask(i % 2 === 0 ? "Juniper" : "Tock", "Hello there, how are you?");
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
    expect([status, text.length > 0]).toEqual([200, true]);
  }
  console.log(`slowest answer beside them: ${Math.round(slowestMs)} ms`);
  const kinds = Object.fromEntries((await seen).map(({ file, error_type }) => [file, error_type]));
  expect(kinds).toEqual({ "syntax.ts": "SyntaxError", "hang.ts": "Timeout", "exit.ts": "Crashed" });
  console.log(`least sound in the listener's hand: ${Math.round(sound.leastLeadMs)} ms`);
  expect(sound.leastLeadMs).toBeGreaterThan(0);
  const { characters } = await listCharacters();
  expect(
    characters
      .filter(({ status }) => status === "ready")
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["Juniper", "Reader", "Tock"]);
});
