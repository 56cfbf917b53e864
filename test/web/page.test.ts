// The page in Chromium, against the real server on stand-in engines.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { AssetEvent } from "../../src/assets/port.ts";
import type { BrowserContextOptions } from "playwright-core";
import { type Browser, launchBrowser } from "../support/browser.ts";
import { createFakeCharacter, sayWords } from "../support/fake-services.ts";
import { watchFor } from "../support/passing-sight.ts";
import { usualAnswer, visitedCast, type Visit, type VisitOptions, visitPage } from "../support/page-visit.ts";

setDefaultTimeout(60_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());
const visit = (options?: VisitOptions, context?: BrowserContextOptions): Promise<Visit> =>
  visitPage(browser, options, context);

const story = "Once upon a time there lived a queen in a castle by the sea.";

describe("the cast", () => {
  test("is on the page, each with a face and a word on who it is", async () => {
    await using place = await visit();
    expect(await place.page.locator(".card b").allInnerTexts()).toEqual(["Gertrude", "Hal"]);
    expect(await place.page.locator(".card span").allInnerTexts()).toEqual([
      "Queen of hearts",
      "Keeper of clocks",
    ]);
    const faces = await place.page
      .locator(".card svg.face")
      .evaluateAll((all) => all.map((one) => one.innerHTML));
    expect(new Set(faces).size).toBe(2);
    expect(place.problems).toEqual([]);
  });

  test("changes as files are saved: a tagline, a newcomer, a file that does not load", async () => {
    await using place = await visit();
    const { stage } = place.server.services;
    const [gertrude, hal] = stage.book.characters;
    await place.card("Gertrude").click();
    await place.idle();
    stage.setCast(
      [
        { ...gertrude!, generation: 2, metadata: { tagline: "Queen of clubs" } },
        hal!,
        createFakeCharacter("Ida"),
      ],
      [
        {
          file: "jo.ts",
          stage: "build",
          error_type: "SyntaxError",
          message: 'expected ")"',
          line: 3,
          column: 9,
        },
      ],
    );
    await place.page.locator(".player p", { hasText: "Queen of clubs" }).waitFor();
    await place.card("Ida").waitFor();
    const note = place.page.locator(".notes", { hasText: "jo.ts:3:9" });
    await note.getByText("It is not valid TypeScript.").waitFor();
    await note.getByText('expected ")"').waitFor();
    await note.getByText("Correct that place and save.").waitFor();
    await place.page.getByRole("status").filter({ hasText: "Gertrude was edited" }).waitFor();
    // It is mended, and nobody speaks of it any more.
    stage.setCast([gertrude!, hal!]);
    await note.waitFor({ state: "detached" });
  });

  test("loses one whose file is deleted, and the talk with it can be finished", async () => {
    await using place = await visit();
    await place.card("Gertrude").click();
    await place.idle();
    place.server.services.stage.setCast([visitedCast[1]!]);
    await place.page.getByText("Gertrude has left the stage").waitFor();
    await place.page.getByLabel("Type something to Gertrude").fill("Farewell.");
    await place.page.keyboard.press("Enter");
    await place.turns.nth(2).waitFor();
  });
});

describe("a talk", () => {
  test("lights up word by word what sounds, and nothing once it is over", async () => {
    // Of several seconds: a machine that stands still for one of them misses the smaller part.
    const told = `${story} She had three sons, and the youngest of them spoke with birds. Every morning they told him what ships they had seen.`;
    await using place = await visit({ script: sayWords(told) });
    await place.page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      new MutationObserver(() => {
        const now = document.querySelector(".now")?.textContent;
        if (now && now !== seen.at(-1)) seen.push(now);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    const sounding = watchFor(place.page, ".now");
    await place.card("Gertrude").click();
    await sounding;
    await place.idle();
    const seen = await place.page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    // A busy machine may miss a word, and shows none out of turn.
    const words = told.split(" ");
    expect(seen.length).toBeGreaterThan(words.length / 2);
    let from = 0;
    for (const word of seen) {
      const at = words.indexOf(word, from);
      expect([word, at >= from]).toEqual([word, true]);
      from = at + 1;
    }
    expect(await place.page.locator(".turn.character .said").innerText()).toBe(told);
    expect(await place.page.locator(".now, .next, .cut").count()).toBe(0);
    // And nothing has jumped about meanwhile (below 0.1 counts as good; a press of the user is not counted).
    const shifts = await place.page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          new PerformanceObserver((list) =>
            resolve(
              list
                .getEntries()
                .reduce((sum, entry) => sum + (entry as unknown as { value: number }).value, 0),
            ),
          ).observe({ type: "layout-shift", buffered: true });
          // Without any shift the observer is never called.
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(0)));
        }),
    );
    expect(shifts).toBeLessThan(0.05);
  });

  test("is silent at once when the answer is stopped, and shows what was not heard as unsaid", async () => {
    // Long enough for the slowest hand to stop it in time.
    const tale = Array.from({ length: 8 }, () => story).join(" ");
    await using place = await visit({ script: sayWords(tale) });
    const { page, takeSound } = place;
    await place.card("Gertrude").click();
    await page.waitForFunction(() => (document.querySelector(".said")?.textContent ?? "").includes("upon"));
    await page.keyboard.press("Escape");
    await page.locator('.turn[data-state="interrupted"] .cut').waitFor();
    await takeSound();
    // What the recorder had in hand, and then a third of a second of nothing.
    await page.waitForFunction(
      () => (globalThis as unknown as { soundSamples(): number }).soundSamples() > 12_000,
    );
    const after = await takeSound();
    expect(after.subarray(4096).every((sample) => sample === 0)).toBe(true);
    const [said, cut] = [await page.locator(".said").innerText(), await page.locator(".cut").innerText()];
    expect(said).toStartWith("Once upon");
    expect(cut.trim()).not.toBe("");
    // What was still being written then has not come at all.
    expect(tale).toStartWith(said + cut);
    expect(await page.locator('.chip[data-activity="idle"]').innerText()).toBe("ready");
  });

  test("needs no pointer: Tab to a character, Enter, type, send, stop, and talk by Space", async () => {
    await using place = await visit();
    const { page } = place;
    const focused = (): Promise<string> =>
      page.evaluate(
        () => document.querySelector("button:focus-visible, input:focus-visible")?.textContent ?? "",
      );
    for (let i = 0; i < 10 && !(await focused()).includes("Hal"); i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator(".player h2", { hasText: "Hal" }).waitFor();
    await place.idle();
    // The line for typing has the focus already.
    await page.keyboard.type("What time is it?");
    await page.keyboard.press("Enter");
    await page.locator(".turn.user", { hasText: "What time is it?" }).waitFor();
    await place.turns.nth(2).waitFor();
    await place.idle();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    expect(await focused()).toBe("Talk");
    await page.keyboard.down("Space");
    await page.locator('.talk[aria-pressed="true"]', { hasText: "Listening" }).waitFor();
    await page.keyboard.up("Space");
    expect(place.problems).toEqual([]);
  });

  test("keeps going when the server goes away and comes back", async () => {
    await using place = await visit();
    const { page, server } = place;
    await place.card("Gertrude").click();
    await place.idle();
    await server.goAway();
    await page.getByText("The server cannot be reached; trying again").waitFor();
    await page.getByText("The line is down; trying again").waitFor();
    await server.comeBack();
    await page.getByText("The server cannot be reached").waitFor({ state: "detached" });
    await place.idle();
    await page.getByLabel("Type something").fill("Still there?");
    await page.keyboard.press("Enter");
    await place.turns.nth(2).waitFor();
    expect(await place.turns.first().innerText()).toContain(usualAnswer);
  });

  test("that the server closed waits, and goes on at a press", async () => {
    await using place = await visit({ idleMs: 4000 });
    const { page } = place;
    await place.card("Gertrude").click();
    await page.getByRole("button", { name: "Go on talking" }).click();
    await place.idle();
    expect(await place.turns.count()).toBe(1);
  });

  test("without a voice is written, says so, and is read out to a screen reader once", async () => {
    await using place = await visit();
    const { page, server } = place;
    server.speech.setState("tts", { state: "loading", detail: "loading fake" });
    server.services.events.emit({ type: "engine-unload" });
    await page.evaluate(() => {
      const told: string[] = [];
      Object.assign(globalThis, { told });
      new MutationObserver(() => {
        const text = document.querySelector('[aria-live="polite"]')?.textContent ?? "";
        if (text !== "" && text !== told.at(-1)) told.push(text);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await page.locator('.dot[data-state="coming"]').waitFor();
    await place.card("Gertrude").click();
    await page.getByText("Gertrude's voice is still on its way; until then answers come as text.").waitFor();
    await place.idle();
    const told = await page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
    expect(told).toEqual([`Gertrude: ${usualAnswer}`]);
  });

  test("shows which tools ran, and which of them failed", async () => {
    await using place = await visit({
      script: async function* () {
        const ran = { content: "{}", durationMs: 3 };
        yield { type: "tool-call", callId: "a", name: "roll_dice", arguments: "{}" };
        yield { type: "tool-result", callId: "a", name: "roll_dice", outcome: "ok", ...ran };
        yield { type: "text-delta", text: "Seven. " };
        yield { type: "tool-call", callId: "b", name: "open_door", arguments: "{}" };
        yield { type: "tool-result", callId: "b", name: "open_door", outcome: "timeout", ...ran };
        yield { type: "text-delta", text: "The door is stuck." };
        yield { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
      },
    });
    await place.card("Gertrude").click();
    await place.page.locator(".turn.character .tool").nth(1).waitFor();
    await place.idle();
    expect(await place.page.locator(".turn.character .tool").allInnerTexts()).toEqual([
      "used roll dice",
      "used open door, which failed",
    ]);
    expect(await place.page.locator(".turn.character .said").innerText()).toBe("Seven. The door is stuck.");
  });

  test("that fails says why in plain words", async () => {
    await using place = await visit({
      script: async function* () {
        yield { type: "text-delta", text: "Well, " };
        throw new Error("a bug");
      },
    });
    await place.card("Gertrude").click();
    const alert = place.page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toContain("Something broke in the server.");
    await alert.getByRole("button", { name: "Dismiss" }).click();
    await alert.waitFor({ state: "detached" });
  });
});

// A key of a generator is often base64, and that is no subprotocol.
test.each(["sesame", "c2VzYW1l/open+now=="])("a server with keys lets in who has one: %s", async (key) => {
  await using place = await visit({ apiKeys: [key], script: sayWords(story) });
  const { page } = place;
  await place.card("Gertrude").click();
  await page.getByLabel("This server asks for a key.").fill("barley");
  await page.keyboard.press("Enter");
  await page.getByLabel("That key does not fit. This server asks for a key.").fill(key);
  const sounding = watchFor(page, ".now");
  await page.keyboard.press("Enter");
  await sounding;
});

test("a browser that keeps nothing for pages shows the page all the same", async () => {
  await using place = await visit();
  const { page } = place;
  await page.addInitScript(() =>
    Object.defineProperty(globalThis, "sessionStorage", {
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    }),
  );
  await page.reload();
  await place.card("Gertrude").waitFor();
  expect(place.problems).toEqual([]);
});

test("what is on its way is shown while it comes, and not longer", async () => {
  await using place = await visit();
  const { page, server } = place;
  const asset = "kokoro-82m-q8";
  const emit = (event: AssetEvent): void => server.services.events.emit(event);
  const progress = { type: "asset-progress", asset, phase: "download" } as const;
  emit({ type: "asset-phase-start", asset, phase: "download" });
  emit({ ...progress, doneBytes: 22 * 2 ** 20, totalBytes: 88 * 2 ** 20, bytesPerSecond: 11 * 2 ** 20 });
  await page.getByText("Getting ready: 25 %").waitFor();
  await page.getByText("22 MiB of 88 MiB, 11 MiB/s, 6 s left").waitFor();
  const bar = page.getByRole("progressbar", { name: "All downloads" });
  expect(await bar.evaluate((one) => (one as HTMLProgressElement).position)).toBeCloseTo(0.25, 5);
  emit({ type: "asset-phase-start", asset, phase: "verify" });
  await page.getByText("checking").waitFor();
  emit({ type: "asset-download-fail", asset, error: new Error("no source can be reached") });
  await page.getByText("No source can be reached.").waitFor();
  await page.locator("summary", { hasText: "A download failed" }).waitFor();
  emit({ type: "asset-phase-start", asset, phase: "download" });
  const result = { name: asset, path: "/x", fromCache: false, downloadedBytes: 1, resumedBytes: 0 } as const;
  emit({ type: "asset-download-end", asset, result: { ...result, sourceType: "npm" } });
  await page.locator(".downloads").waitFor({ state: "detached" });
});
