// The page in Chromium, against the real server on stand-in engines.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Page } from "playwright-core";
import type { AssetEvent } from "../../src/assets/port.ts";
import { type Browser, type BrowserPage, launchBrowser } from "../support/browser.ts";
import { createFakeCharacter, sayWords, untilAborted } from "../support/fake-services.ts";
import { type PageServer, type PageServerOptions, startPageServer } from "../support/page-server.ts";

const voiceSource = { source_type: "provider", provider: "fake", voice: "tone-low" } as const;
const cast = [
  createFakeCharacter("Gertrude", {
    voiceSource,
    metadata: { tagline: "Queen of hearts", color: "#a83a6b" },
  }),
  createFakeCharacter("Hal", { voiceSource, metadata: { tagline: "Keeper of clocks" } }),
];
const answer = "Good evening.";
const story = "Once upon a time there lived a queen in a castle by the sea.";

setDefaultTimeout(30_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

interface Visit extends BrowserPage, AsyncDisposable {
  server: PageServer;
}

async function visit(
  options: Partial<PageServerOptions> = {},
  context: Parameters<Browser["open"]>[1] = {},
): Promise<Visit> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startPageServer({ characters: cast, script: sayWords(answer), ...options }));
  const opened = await browser.open(server.url, context);
  stack.defer(() => opened.page.context().close());
  await opened.page.locator(".card").first().waitFor();
  return { ...opened, server, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const card = (page: Page, name: string) => page.locator(".card", { hasText: name });
const turns = (page: Page) => page.locator(".turn");
const idle = (page: Page) => page.locator('.chip[data-activity="idle"]', { hasText: "ready" }).waitFor();

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
    await card(place.page, "Gertrude").click();
    await idle(place.page);
    stage.setCast(
      [
        { ...gertrude!, generation: 2, metadata: { tagline: "Queen of clubs" } },
        hal!,
        createFakeCharacter("Ida"),
      ],
      [{ file: "jo.ts", stage: "build", error_type: "SyntaxError", message: 'expected ")"', line: 3 }],
    );
    await place.page.locator(".player p", { hasText: "Queen of clubs" }).waitFor();
    await card(place.page, "Ida").waitFor();
    await place.page.getByText("jo.ts").waitFor();
    await place.page.getByText('It is not valid TypeScript. Line 3: expected ")"').waitFor();
    await place.page.getByRole("status").filter({ hasText: "Gertrude was edited" }).waitFor();
  });

  test("loses one whose file is deleted, and the talk with it can be finished", async () => {
    await using place = await visit();
    await card(place.page, "Gertrude").click();
    await idle(place.page);
    place.server.services.stage.setCast([cast[1]!]);
    await place.page.getByText("Gertrude has left the stage").waitFor();
    await place.page.getByLabel("Type something to Gertrude").fill("Farewell.");
    await place.page.keyboard.press("Enter");
    await turns(place.page).nth(2).waitFor();
  });
});

describe("a talk", () => {
  test("lights up word by word what sounds, and nothing once it is over", async () => {
    await using place = await visit({ script: sayWords(story) });
    await place.page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      new MutationObserver(() => {
        const now = document.querySelector(".now")?.textContent;
        if (now && now !== seen.at(-1)) seen.push(now);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await card(place.page, "Gertrude").click();
    await place.page.locator(".now").waitFor();
    await idle(place.page);
    const seen = await place.page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    // A busy machine may miss a word, and shows none out of turn.
    const words = story.split(" ");
    expect(seen.length).toBeGreaterThan(words.length / 2);
    let from = 0;
    for (const word of seen) {
      const at = words.indexOf(word, from);
      expect([word, at >= from]).toEqual([word, true]);
      from = at + 1;
    }
    expect(await place.page.locator(".turn.character .said").innerText()).toBe(story);
    expect(await place.page.locator(".now, .next, .cut").count()).toBe(0);
  });

  test("is silent at once when the answer is stopped, and shows what was not heard as unsaid", async () => {
    await using place = await visit({ script: sayWords(story) });
    const { page, takeSound } = place;
    await card(page, "Gertrude").click();
    await page.waitForFunction(() => (document.querySelector(".said")?.textContent ?? "").includes("upon"));
    await page.keyboard.press("Escape");
    await page.locator('.turn[data-state="interrupted"] .cut').waitFor();
    await takeSound();
    // What the recorder had in hand, and then a third of a second of nothing.
    await page.waitForFunction(
      () => (globalThis as unknown as { soundSamples(): number }).soundSamples() > 12_000,
    );
    const after = await takeSound();
    expect(Math.max(...after.subarray(4096).map(Math.abs))).toBe(0);
    const [said, cut] = [await page.locator(".said").innerText(), await page.locator(".cut").innerText()];
    expect(said).toStartWith("Once upon");
    expect(said + cut).toBe(story);
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
    await idle(page);
    // The line for typing has the focus already.
    await page.keyboard.type("What time is it?");
    await page.keyboard.press("Enter");
    await page.locator(".turn.user", { hasText: "What time is it?" }).waitFor();
    await turns(page).nth(2).waitFor();
    await idle(page);
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
    await card(page, "Gertrude").click();
    await idle(page);
    await server.goAway();
    await page.getByText("The server cannot be reached; trying again").waitFor();
    await page.getByText("The line is down; trying again").waitFor();
    await server.comeBack();
    await page.getByText("The server cannot be reached").waitFor({ state: "detached" });
    await idle(page);
    await page.getByLabel("Type something").fill("Still there?");
    await page.keyboard.press("Enter");
    await turns(page).nth(2).waitFor();
    expect(await turns(page).first().innerText()).toContain(answer);
  });

  test("that the server closed waits, and goes on at a press", async () => {
    await using place = await visit({ idleMs: 1500 });
    const { page } = place;
    await card(page, "Gertrude").click();
    await page.getByRole("button", { name: "Go on talking" }).click();
    await idle(page);
    expect(await turns(page).count()).toBe(1);
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
    await card(page, "Gertrude").click();
    await page.getByText("Gertrude's voice is still on its way; until then answers come as text.").waitFor();
    await idle(page);
    const told = await page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
    expect(told).toEqual([`Gertrude: ${answer}`]);
  });

  test("that fails says why in plain words", async () => {
    await using place = await visit({
      script: async function* () {
        yield { type: "text-delta", text: "Well, " };
        throw new Error("a bug");
      },
    });
    await card(place.page, "Gertrude").click();
    const alert = place.page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toContain("Something broke in the server.");
    await alert.getByRole("button", { name: "Dismiss" }).click();
    await alert.waitFor({ state: "detached" });
  });
});

describe("the talk button", () => {
  test("a click talks until the next one, and a double click is no trouble", async () => {
    await using place = await visit({ script: ({ signal }) => untilAborted(signal) as never });
    const { page } = place;
    const button = page.locator(".talk");
    await card(page, "Gertrude").click();
    await page.locator(".talk:enabled").click();
    await page.locator('.talk[aria-pressed="true"]', { hasText: "Listening" }).waitFor();
    await button.click();
    await page.locator('.talk[aria-pressed="false"]').waitFor();
    await button.dblclick();
    await page.locator('.talk[aria-pressed="false"]').waitFor();
    await page
      .getByRole("status")
      .filter({ hasText: /Nothing was heard|too short/ })
      .waitFor();
    expect(place.problems).toEqual([]);
  });

  test("held, it ends wherever it is let go, and when the window loses the focus", async () => {
    await using place = await visit();
    const { page } = place;
    await card(page, "Gertrude").click();
    await page.locator(".talk:enabled").hover();
    await page.mouse.down();
    await page.locator('.talk[aria-pressed="true"]', { hasText: "Listening" }).waitFor();
    await page.mouse.move(900, 200);
    await page.evaluate(() => dispatchEvent(new FocusEvent("blur")));
    await page.locator('.talk[aria-pressed="false"]').waitFor();
    await page.mouse.up();
    expect(await page.locator(".talk").getAttribute("aria-pressed")).toBe("false");
  });

  test("a microphone that is refused is explained, and typing goes on", async () => {
    await using place = await visit({}, { permissions: [] });
    const { page } = place;
    await card(page, "Gertrude").click();
    await page.locator(".talk:enabled").click();
    await page.getByRole("alert").filter({ hasText: "not allowed to use the microphone" }).waitFor();
    await page.locator('.talk[aria-pressed="false"]').waitFor();
    await page.getByLabel("Type something").fill("By letter, then.");
    await page.keyboard.press("Enter");
    await page.locator(".turn.user", { hasText: "By letter" }).waitFor();
  });
});

test("a server with keys lets in who has one", async () => {
  await using place = await visit({ apiKeys: ["sesame"] });
  const { page } = place;
  await card(page, "Gertrude").click();
  await page.getByLabel("This server asks for a key.").fill("sesame");
  await page.keyboard.press("Enter");
  await page.locator(".now").waitFor();
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
  emit({ type: "asset-phase-start", asset, phase: "download" });
  const result = { name: asset, path: "/x", fromCache: false, downloadedBytes: 1, resumedBytes: 0 } as const;
  emit({ type: "asset-download-end", asset, result: { ...result, sourceType: "npm" } });
  await page.locator(".downloads").waitFor({ state: "detached" });
});

test("the microphone is heard in a browser that does not resample it", async () => {
  await using place = await visit();
  const { page } = place;
  await page.evaluate(() => {
    const { createMediaStreamSource } = AudioContext.prototype;
    AudioContext.prototype.createMediaStreamSource = function (stream) {
      if (this.sampleRate === 24_000) throw new DOMException("different sample rates", "NotSupportedError");
      return createMediaStreamSource.call(this, stream);
    };
  });
  let sentBytes = 0;
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      if (typeof payload !== "string") sentBytes += payload.length;
    }),
  );
  await card(page, "Gertrude").click();
  await page.locator(".talk:enabled").click();
  await page.locator('.talk[aria-pressed="true"]', { hasText: "Listening" }).waitFor();
  // The browser's own test tone moves the meter.
  await page.waitForFunction(() =>
    /0\.[1-9]|1\.0/.test(document.querySelector<HTMLElement>(".meter i")?.style.transform ?? ""),
  );
  await page.locator(".talk").click();
  await page.locator('.talk[aria-pressed="false"]').waitFor();
  await page
    .getByRole("status")
    .filter({ hasText: "Nothing was heard" })
    .or(page.locator(".turn.user"))
    .waitFor();
  expect(sentBytes).toBeGreaterThan(4800);
});
