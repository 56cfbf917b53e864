// The talk button under a real pointer, and the microphone as browsers give it.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { BrowserContextOptions, Locator } from "playwright-core";
import { encodeWav } from "../../src/audio/wav.ts";
import { type Browser, launchBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { untilAborted } from "../support/fake-services.ts";
import { type Visit, type VisitOptions, visitPage } from "../support/page-visit.ts";
import { createTempFolder } from "../support/temp-folder.ts";

setDefaultTimeout(90_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());
const visit = (options?: VisitOptions, context?: BrowserContextOptions): Promise<Visit> =>
  visitPage(browser, options, context);

/** Short on a slow machine too, where a click of the browser's own may pass for a hold. */
async function clickBriefly(button: Locator): Promise<void> {
  await button.hover();
  await button.evaluate((element) => {
    for (const type of ["pointerdown", "pointerup"]) {
      element.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 1, pointerType: "mouse" }));
    }
  });
}

describe("the talk button", () => {
  test("a click talks until the next one, and a double click is no trouble", async () => {
    // The browser's own microphone beeps twice a second, and a beep is heard as a word.
    await using folder = await createTempFolder();
    const microphone = join(folder.path, "silence.wav");
    await Bun.write(microphone, encodeWav(new Float32Array(48_000), 48_000));
    await using quiet = await launchBrowser({ microphone });
    await using place = await visitPage(quiet, {
      async *script({ signal }) {
        yield await untilAborted(signal);
      },
    });
    const { page } = place;
    const button = page.locator(".talk");
    await place.card("Gertrude").click();
    await clickBriefly(page.locator(".talk:enabled"));
    await page.locator('.talk[aria-pressed="true"]', { hasText: "Listening" }).waitFor();
    await clickBriefly(button);
    await page.locator('.talk[aria-pressed="false"]').waitFor();
    await clickBriefly(button);
    await clickBriefly(page.locator('.talk[aria-pressed="true"]'));
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
    await place.card("Gertrude").click();
    await page.locator(".talk:enabled").hover();
    await page.mouse.down();
    await page.locator('.talk[aria-pressed="true"]', { hasText: "Listening" }).waitFor();
    await page.mouse.move(900, 200);
    await page.evaluate(() => dispatchEvent(new FocusEvent("blur")));
    await page.locator('.talk[aria-pressed="false"]').waitFor();
    await page.mouse.up();
    expect(await page.locator(".talk").getAttribute("aria-pressed")).toBe("false");
  });

  test("a click is no hold when the page was busy between its two ends", async () => {
    await using place = await visit();
    await place.card("Gertrude").click();
    const button = place.page.locator(".talk:enabled");
    await button.hover();
    await button.evaluate((element) => {
      const [down, up] = ["pointerdown", "pointerup"].map(
        (type) => new PointerEvent(type, { bubbles: true, pointerId: 1, pointerType: "mouse" }),
      );
      element.dispatchEvent(down as Event);
      for (const endMs = performance.now() + 500; performance.now() < endMs; );
      element.dispatchEvent(up as Event);
    });
    await place.page.locator('.talk[aria-pressed="true"]', { hasText: "Listening" }).waitFor();
  });

  test("a microphone that is refused is explained, and typing goes on", async () => {
    await using place = await visit({}, { permissions: [] });
    const { page } = place;
    await place.card("Gertrude").click();
    await page.locator(".talk:enabled").click();
    await page.getByRole("alert").filter({ hasText: "not allowed to use the microphone" }).waitFor();
    await page.locator('.talk[aria-pressed="false"]').waitFor();
    await page.getByLabel("Type something").fill("By letter, then.");
    await page.keyboard.press("Enter");
    await page.locator(".turn.user", { hasText: "By letter" }).waitFor();
  });
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
  await place.card("Gertrude").click();
  await clickBriefly(page.locator(".talk:enabled"));
  await page.locator('.talk[aria-pressed="true"]', { hasText: "Listening" }).waitFor();
  // The browser's own test tone moves the meter.
  await page.waitForFunction(() =>
    /0\.[1-9]|1\.0/.test(document.querySelector<HTMLElement>(".meter i")?.style.transform ?? ""),
  );
  await eventually("more than a tenth of a second of it", () => sentBytes > 4800, 30_000);
  await clickBriefly(page.locator(".talk"));
  await page.locator('.talk[aria-pressed="false"]').waitFor();
  await page
    .getByRole("status")
    .filter({ hasText: "Nothing was heard" })
    .or(page.locator(".turn.user"))
    .waitFor();
});

test("a microphone that no way leads to is explained, and nothing of the attempt stays open", async () => {
  await using place = await visit();
  const { page } = place;
  await page.addInitScript(() => {
    const contexts: AudioContext[] = [];
    Object.assign(globalThis, { contexts });
    const Own = AudioContext;
    globalThis.AudioContext = class extends Own {
      constructor(options?: AudioContextOptions) {
        super(options);
        contexts.push(this);
      }
    };
    AudioContext.prototype.createMediaStreamSource = () => {
      throw new DOMException("different sample rates", "NotSupportedError");
    };
  });
  await page.reload();
  await place.card("Gertrude").click();
  await clickBriefly(page.locator(".talk:enabled"));
  await page.getByRole("alert").filter({ hasText: "The microphone could not be opened." }).waitFor();
  // The player's, and the two that were tried.
  await page.waitForFunction(() => {
    const { contexts } = globalThis as unknown as { contexts: AudioContext[] };
    return contexts.map(({ state }) => state === "closed").join() === "false,true,true";
  });
});
