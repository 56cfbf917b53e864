// The page at the widths that people have, filled to bursting: nothing sticks out, and every control can be hit.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import type { LoadProblem } from "../../src/characters/port.ts";
import { type ConversationStore, openConversationStore } from "../../src/session/conversation-store.ts";
import { makeBytes } from "../assets/store-fixture.ts";
import { type Browser, type BrowserPage, launchBrowser } from "../support/browser.ts";
import { createFakeCharacter, sayWords } from "../support/fake-services.ts";
import { createPageModels, type PageModels } from "../support/page-models.ts";
import { type PageServer, startPageServer } from "../support/page-server.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";

setDefaultTimeout(90_000);

const longName = "Her Serene Highness Wilhelmina-Frederica of Schleswig-Holstein-Sonderburg-Glücksburg";
const problem: LoadProblem = {
  file: "a-file-with-a-very-long-name-that-goes-on-and-on-and-on-without-any-place-to-break.ts",
  stage: "build",
  error_type: "SyntaxError",
  message: `expected ")" but found "${"x".repeat(120)}"`,
  line: 3,
  column: 120,
};
const cast = Array.from({ length: 30 }, (_, i) =>
  createFakeCharacter(i === 1 ? longName : `Character number ${i}`, {
    file: `${String(i).padStart(2, "0")}.ts`,
    status: i === 2 ? "stale" : i === 3 ? "quarantined" : "ready",
    ...(i === 3 && { error: problem }),
    makeSystemPrompt: async () => `${"z".repeat(300)} and so on, for a long while. `.repeat(30),
    tools: Array.from({ length: i === 1 ? 10 : 0 }, (_, n) => ({
      name: `tool_${n}_with_a_long_name_that_does_not_break_anywhere`,
      description: "It does.",
      parameters: {},
      timeoutMs: 2000,
    })),
    voiceSource: { source_type: "provider", provider: "fake", voice: "tone-low" },
    metadata: {
      tagline: "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen ".repeat(i === 1 ? 2 : 1),
    },
  }),
);

let browser: Browser;
let server: PageServer;
let models: PageModels;
let folder: TempFolder;
let conversations: ConversationStore;
const modelId = `an-owner-of-a-long-name/${"A-Model-Whose-Name-Does-Not-End-".repeat(2)}GGUF`;
beforeAll(async () => {
  folder = await createTempFolder();
  conversations = openConversationStore(
    { clock: systemClock, onTrouble: () => undefined },
    { file: join(folder.path, "talks.sqlite") },
  );
  for (let i = 0; i < 8; i++) {
    const thread = conversations.open(`talk-${i}`, { onTaken: () => undefined });
    const message = { type: "message", role: "user", status: "completed", toolRuns: [] } as const;
    thread.keep({
      items: [{ ...message, id: `item-${i}`, parts: [{ type: "input-text", text: "Hello." }] }],
      memory: null,
      cast: { character: { name: longName } },
    });
    thread.finish();
  }
  models = await createPageModels({
    [modelId]: {
      files: Object.fromEntries(
        Array.from({ length: 12 }, (_, i) => [
          `a-file-of-a-long-name-${i}-${"x".repeat(40)}.gguf`,
          makeBytes(2000, i),
        ]),
      ),
      license: "a-licence-that-nobody-has-ever-heard-of",
    },
  });
  browser = await launchBrowser();
  server = await startPageServer({
    services: { ...models.services, conversations },
    characters: cast,
    script: sayWords(`Well. ${"x".repeat(300)} indeed.`),
  });
  server.services.stage.setCast(cast, [problem]);
  server.services.assets.rows = (["cached", "invalid checksum", "not cached"] as const).map((status, i) => ({
    ...server.services.assets.rows[0]!,
    name: `asset-number-${i}-with-a-name-that-does-not-break-${"x".repeat(60)}`,
    status,
    description: `${"Donaudampfschifffahrtsgesellschaft".repeat(3)} and so on`,
  }));
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await models[Symbol.asyncDispose]();
  conversations[Symbol.dispose]();
  await folder[Symbol.asyncDispose]();
});

const sizes = [
  { width: 320, height: 568 },
  { width: 390, height: 844 },
  { width: 844, height: 390 },
  { width: 768, height: 1024 },
  { width: 1180, height: 760 },
  { width: 2560, height: 1300 },
];

/** What sticks out of the window, or is too small to be hit (WCAG 2.2, 2.5.8: 24 px). */
async function findFlaws({ page }: BrowserPage): Promise<string[]> {
  return page.evaluate(() => {
    const flaws: string[] = [];
    if (document.documentElement.scrollWidth > innerWidth) flaws.push("the page scrolls sideways");
    if (document.documentElement.scrollHeight > innerHeight) flaws.push("the page scrolls down");
    for (const one of document.querySelectorAll(
      ".controls button, .controls input, .marquee button, .marquee a, .player button, .player a",
    )) {
      const { left, right, top, bottom, width, height } = one.getBoundingClientRect();
      if (width === 0) continue;
      const name = one.getAttribute("aria-label") ?? one.textContent;
      if (left < 0 || right > innerWidth || top < 0 || bottom > innerHeight) flaws.push(`${name} sticks out`);
      if (width < 24 || height < 21) flaws.push(`${name} is too small: ${width} × ${height}`);
    }
    for (const one of document.querySelectorAll(".leaf button, .leaf a, .leaf label, .cast a")) {
      const { left, right, width, height } = one.getBoundingClientRect();
      if (width === 0) continue;
      const name = one.getAttribute("aria-label") ?? one.textContent;
      // What scrolls may be below or beside the window; in the leaf, only below.
      if (one.closest(".leaf") && (left < 0 || right > innerWidth)) flaws.push(`${name} sticks out sideways`);
      if (width < 24 || height < 24) flaws.push(`${name} is too small: ${width} × ${height}`);
    }
    for (const box of document.querySelectorAll(
      ".turn, .card, .notes, .banner, .player, .leaf, .sheet, .item, .find, .closeup, .licence",
    )) {
      if (box.scrollWidth > box.clientWidth + 1) flaws.push(`${box.className} overflows`);
    }
    const log = document.querySelector(".log");
    if (log && log.clientHeight < 60) flaws.push(`the talk has ${log.clientHeight} px`);
    return flaws;
  });
}

describe("a crowded house with long names", () => {
  test.each(sizes)("fits into $width × $height", async (viewport) => {
    const opened = await browser.open(server.url, { viewport });
    const { page } = opened;
    await page.locator(".card").nth(29).waitFor();
    expect(await findFlaws(opened)).toEqual([]);
    await page.locator(".card").nth(1).click();
    await page.locator(".turn").first().waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    for (const text of ["Short.", "y".repeat(400), "A few words that break where words break. ".repeat(20)]) {
      await page.getByLabel("Type something").fill(text);
      await page.keyboard.press("Enter");
    }
    await page.locator(".turn.user").nth(2).waitFor();
    await page.locator(".turn.character").last().waitFor();
    const asset = "a-model-with-a-very-long-name-that-does-not-break-anywhere-at-all";
    server.services.events.emit({ type: "asset-phase-start", asset, phase: "download" } as never);
    await page.locator(".downloads").waitFor();
    expect(await findFlaws(opened)).toEqual([]);
    server.services.events.emit({ type: "asset-download-end", asset, result: {} } as never);
    await page.locator(".downloads").waitFor({ state: "detached" });
    for (const { name } of [cast[1]!, cast[3]!]) {
      await page
        .locator(".cast")
        .getByRole("link", { name: `About ${name}`, exact: true })
        .click();
      await page.locator(".about h2", { hasText: name }).waitFor();
      if (name === longName) await page.getByRole("button", { name: /^Show all/ }).waitFor();
      expect(await findFlaws(opened)).toEqual([]);
    }
    await page.goto(`${server.url}/#/downloads`);
    await page.locator(".item").nth(2).waitFor();
    expect(await findFlaws(opened)).toEqual([]);
    await page.goto(`${server.url}/#/models`);
    await page.getByLabel("Look for").fill("model");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: modelId }).click();
    await page.locator(".licence").waitFor();
    expect(await findFlaws(opened)).toEqual([]);
    expect(opened.problems).toEqual([]);
    await page.context().close();
  });
});

test("who wants no motion gets none", async () => {
  const { page } = await browser.open(server.url, { reducedMotion: "reduce" });
  await page.locator(".card").first().click();
  await page.locator(".now").waitFor();
  const moving = await page.evaluate(
    () => document.getAnimations().filter(({ playState }) => playState === "running").length,
  );
  expect(moving).toBe(0);
  expect(await page.locator(".portrait").getAttribute("style")).toBeNull();
  await page.context().close();
});

test("in the user's own few colours, what is chosen and what sounds is still told apart", async () => {
  const { page } = await browser.open(server.url, { forcedColors: "active" });
  await page.locator(".card").first().click();
  await page.locator(".now").waitFor();
  const look = (selector: string, pseudo?: string) =>
    page.locator(selector).evaluate((one, of) => {
      const { backgroundColor, appearance } = getComputedStyle(one, of);
      return { backgroundColor, appearance };
    }, pseudo);
  const chosen = (await look('.places a[aria-current="page"]')).backgroundColor;
  expect((await look(".places a >> nth=1")).backgroundColor).not.toBe(chosen);
  expect((await look(".now")).backgroundColor).toBe(chosen);
  // A switch that is drawn would be an empty box.
  expect((await look(".switch input")).appearance).toBe("auto");
  await page.context().close();
});

test("on a narrow screen a problem is one line, and opens at a press", async () => {
  const { page } = await browser.open(server.url, { viewport: { width: 390, height: 844 } });
  const note = page.locator(".cast .notes").first();
  await note.waitFor();
  expect(await note.getByText("It is not valid TypeScript.").isVisible()).toBe(false);
  await note.locator("summary").click();
  await note.getByText("It is not valid TypeScript.").waitFor();
  await page.context().close();
});

test("the talk is followed to its end, and who scrolls back is left there", async () => {
  const { page } = await browser.open(server.url, { viewport: { width: 800, height: 500 } });
  await page.locator(".card").first().click();
  await page.locator(".turn").first().waitFor();
  const say = async (text: string): Promise<void> => {
    await page.getByLabel("Type something").fill(text);
    await page.keyboard.press("Enter");
    await page.locator(".turn.user", { hasText: text }).waitFor();
  };
  for (let i = 0; i < 8; i++) await say(`line ${i}`);
  const distance = (): Promise<number> =>
    page.locator(".log").evaluate((log) => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight));
  await page.waitForFunction(() => {
    const log = document.querySelector(".log");
    return log !== null && log.scrollTop > 0 && log.scrollHeight - log.scrollTop - log.clientHeight < 2;
  });
  await page.locator(".log").evaluate((log) => log.scrollTo({ top: 0 }));
  await say("one more");
  expect(await distance()).toBeGreaterThan(100);
  await page.context().close();
});
