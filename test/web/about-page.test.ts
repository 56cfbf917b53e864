// A character's own page in Chromium, against the real server on stand-in engines.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { resample } from "../../src/audio/resample.ts";
import type { LoadProblem } from "../../src/characters/port.ts";
import { describeLanguage } from "../../src/web/about.tsx";
import { type Browser, launchBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { hearTones } from "../support/fake-engines/tone-language.ts";
import { createFakeCharacter } from "../support/fake-services.ts";
import { watchFor } from "../support/passing-sight.ts";
import { type Visit, type VisitOptions, visitPage } from "../support/page-visit.ts";

setDefaultTimeout(60_000);

const voiceSource = { source_type: "provider", provider: "fake", voice: "tone-low" } as const;
const gertrude = createFakeCharacter("Gertrude", {
  voiceSource,
  metadata: { tagline: "Queen of hearts", greeting: "welcome to court", period: "Renaissance" },
  tools: [{ name: "roll_dice", description: "Throws dice.", parameters: {}, timeoutMs: 2000 }],
});
const hal = createFakeCharacter("Hal", { voiceSource, metadata: { tagline: "Keeper of clocks" } });

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());
const visit = (options: VisitOptions = {}): Promise<Visit> =>
  visitPage(browser, { characters: [gertrude, hal], ...options });
const heading = ({ page }: Visit, name: string) => page.locator(".about h2", { hasText: name });

test("languages have names, and what is none is left as it is", () => {
  expect(["en", "fr", "en/fr", "pt_BR", "de", "tlh", "no language", ""].map(describeLanguage)).toEqual([
    "English",
    "French",
    "English or French",
    "Brazilian Portuguese",
    "German",
    "Klingon",
    "no language",
    "",
  ]);
});

describe("a character's page", () => {
  test("shows prompt, tools, file and greeting without beginning a talk", async () => {
    await using place = await visit();
    const { page } = place;
    await page.getByRole("link", { name: "About Gertrude" }).click();
    await heading(place, "Gertrude").waitFor();
    await page.locator(".prompt", { hasText: "You are Gertrude." }).waitFor();
    const text = await page.locator(".about").innerText();
    for (const part of ["welcome to court", "roll_dice", "gertrude.ts", "Renaissance"]) {
      expect(text).toContain(part);
    }
    expect(page.url()).toEndWith("#/about/Gertrude");
    expect(await page.title()).toBe("Gertrude · Troupe");
    expect(place.server.services.replyRequests).toEqual([]);
    expect(place.problems).toEqual([]);
  });

  test("lets its voice say the greeting, and is silent when that is stopped", async () => {
    await using place = await visit();
    const { page, takeSound, recorded } = place;
    const ready = Promise.withResolvers<void>();
    place.server.speech.gate = () => ready.promise;
    await page.getByRole("link", { name: "About Gertrude" }).click();
    const speaking = watchFor(page, '.portrait[data-activity="speaking"]');
    await page.getByRole("button", { name: "Hear the voice" }).click();
    // Its first sound would be lost on a recorder that has not begun.
    await recorded();
    ready.resolve();
    await speaking;
    await page.getByRole("button", { name: "Hear the voice" }).waitFor();
    const heard = hearTones(resample(await takeSound(), { fromHz: 24_000, toHz: 16_000 }));
    expect(heard.join(" ")).toBe("welcome to court");
    expect(place.server.services.replyRequests).toEqual([]);

    // The next time its engine takes its time, and the user does not wait.
    place.server.speech.gate = (_what, signal) =>
      new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
      );
    await page.getByRole("button", { name: "Hear the voice" }).click();
    await page.getByRole("button", { name: "One moment…" }).click();
    await page.locator('.portrait[data-activity="idle"]').waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    expect(place.problems).toEqual([]);
  });

  test("leads to the talk, and the talk leads back to it", async () => {
    await using place = await visit();
    const { page } = place;
    await page.getByRole("link", { name: "About Hal" }).click();
    await page.getByRole("button", { name: "Talk with Hal" }).click();
    await place.turns.first().waitFor();
    expect(page.url()).toEndWith("#/");
    await place.idle();
    await page.getByRole("link", { name: "About Gertrude" }).click();
    await heading(place, "Gertrude").waitFor();
    await page.goBack();
    // The talk has gone on meanwhile.
    await page.locator(".player h2", { hasText: "Hal" }).waitFor();
    expect(await place.turns.count()).toBe(1);
  });

  test("is reached by its address and by the keyboard alone", async () => {
    await using place = await visit();
    const { page } = place;
    await page.goto(`${place.server.url}/#/about/Hal`);
    await heading(place, "Hal").waitFor();
    const focused = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
    for (let i = 0; i < 20 && (await focused()) !== "About Gertrude"; i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await heading(place, "Gertrude").waitFor();
    // Who has come in is there with the keyboard: the first Tab is in the new room when the room is another one.
    await page.goto(`${place.server.url}/#/downloads`);
    await page.getByRole("heading", { name: "Downloads" }).first().waitFor();
    await page.goto(`${place.server.url}/#/about/Gertrude`);
    await heading(place, "Gertrude").waitFor();
    await page.waitForFunction(() => document.activeElement?.id === "stage");
    await page.keyboard.press("Tab");
    await page.waitForFunction(() => document.activeElement?.textContent === "Talk with Gertrude");
  });

  test("asks anew for the prompt when the file is saved, and when it is told to", async () => {
    let count = 0;
    const changing = { ...gertrude, makeSystemPrompt: async () => `Prompt number ${++count}.` };
    await using place = await visit({ characters: [changing, hal] });
    const { page } = place;
    await page.getByRole("link", { name: "About Gertrude" }).click();
    // It may have been asked for more than once: whenever there is news of the character.
    const shown = async (): Promise<number> =>
      Number(/\d+/.exec(await page.locator(".prompt").innerText())?.[0] ?? 0);
    const first = await eventually("a prompt", shown);
    await page.getByRole("button", { name: "Ask again" }).click();
    const second = await eventually("another prompt", async () => {
      const now = await shown();
      return now > first ? now : 0;
    });
    place.server.services.stage.setCast([{ ...changing, generation: 2 }, hal]);
    await eventually("the prompt of the saved file", async () => (await shown()) > second);
  });

  test("says why there is no voice, and asks for a key where one is needed", async () => {
    await using place = await visit({ apiKeys: ["sesame"] });
    const { page, server } = place;
    await page.getByRole("link", { name: "About Gertrude" }).click();
    await page.getByRole("button", { name: "Hear the voice" }).click();
    await page.getByLabel("This server asks for a key.").fill("sesame");
    await page.keyboard.press("Enter");
    const speaking = watchFor(page, '.portrait[data-activity="speaking"]');
    await page.getByRole("button", { name: "Hear the voice" }).click();
    await speaking;
    server.speech.setState("tts", { state: "not-installed", reason: "no source can be reached" });
    server.services.events.emit({ type: "engine-unload" });
    await page.locator(".about .hint", { hasText: "No source can be reached." }).waitFor();
    await page.locator("button:disabled", { hasText: "Hear the voice" }).waitFor();
  });
});

describe("a character that misbehaves", () => {
  const problem: LoadProblem = {
    file: "hal.ts",
    stage: "run",
    error_type: "Timeout",
    message: "makeSystemPrompt took longer than 2000 ms",
    line: 12,
    column: 5,
  };

  test("is shown with place, reason and cure while it is off stage, and as good as new when it is mended", async () => {
    await using place = await visit();
    const { page, server } = place;
    const { stage } = server.services;
    stage.setCast([gertrude, { ...hal, status: "quarantined", error: problem }], [problem]);
    // It cannot be talked with: its card leads here too.
    await page.locator(".card", { hasText: "off stage until its file changes" }).click();
    const note = page.locator(".about .notes");
    await note.waitFor();
    const text = await note.innerText();
    for (const part of ["hal.ts:12:5", "misbehaved", problem.message, "a loop or a wait without an end"]) {
      expect(text).toContain(part);
    }
    expect(await page.getByRole("button", { name: "Talk with Hal" }).isDisabled()).toBe(true);
    await page.getByText("While it is off stage, its code is not asked.").waitFor();

    // Another mistake, while it is still off stage: the newest word counts.
    stage.setCast(
      [gertrude, { ...hal, status: "quarantined", error: problem }],
      [
        {
          ...problem,
          error_type: "SyntaxError",
          stage: "build",
          message: "Unexpected }",
          line: 3,
          column: 1,
        },
      ],
    );
    await note.filter({ hasText: "hal.ts:3:1" }).filter({ hasText: "Unexpected }" }).waitFor();

    // It is said once on the page, and where it is always said when another page is open.
    expect(await page.locator(".cast .notes").count()).toBe(0);
    await page.getByRole("link", { name: "About Gertrude" }).click();
    await page.locator(".cast .notes", { hasText: "hal.ts:3:1" }).waitFor();
    await page.getByRole("link", { name: "About Hal" }).click();

    stage.setCast([gertrude, { ...hal, generation: 3 }]);
    await page.locator(".notes").first().waitFor({ state: "detached" });
    await page.locator(".prompt", { hasText: "You are Hal." }).waitFor();
    expect(await page.getByRole("button", { name: "Talk with Hal" }).isEnabled()).toBe(true);
  });

  test("whose prompt fails says so where the prompt would be", async () => {
    const failing = { ...hal, makeSystemPrompt: () => Promise.reject(new Error("a bug of the server")) };
    await using place = await visit({ characters: [gertrude, failing] });
    await place.page.getByRole("link", { name: "About Hal" }).click();
    await place.page
      .getByRole("alert")
      .filter({ hasText: "An internal error; the log has the details." })
      .waitFor();
  });

  test("that nobody has ever seen is no blank page, and appears when it is saved", async () => {
    await using place = await visit();
    const { page } = place;
    await page.goto(`${place.server.url}/#/about/Ida`);
    await page.getByText("Ida is not on stage").waitFor();
    place.server.services.stage.setCast([gertrude, hal, createFakeCharacter("Ida", { voiceSource })]);
    await heading(place, "Ida").waitFor();
  });
});
