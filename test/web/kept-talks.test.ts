// Conversations that the server keeps, taken home and forgotten from the character's own page, in Chromium.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { openConversationStore } from "../../src/session/conversation-store.ts";
import { type Browser, launchBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { usualAnswer, visitPage } from "../support/page-visit.ts";
import { createTempFolder } from "../support/temp-folder.ts";

setDefaultTimeout(90_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

test("a talk is kept, exported as JSON, and forgotten while it is going on", async () => {
  await using folder = await createTempFolder();
  using conversations = openConversationStore(
    { clock: systemClock, onTrouble: () => undefined },
    { file: join(folder.path, "talks.sqlite") },
  );
  await using place = await visitPage(browser, { services: { conversations } });
  const { page } = place;
  await place.card("Gertrude").click();
  await place.idle();
  await eventually("the talk on disk", () => conversations.list()[0]?.itemCount === 1);
  await page.getByRole("link", { name: "About Gertrude" }).first().click();
  await page.getByText("1 turn · going on now").waitFor();

  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export as JSON" }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toMatch(/^Gertrude \d{4}-\d\d-\d\d\.json$/);
  const exported = (await Bun.file(await saved.path()).json()) as { character: string; items: unknown[] };
  expect(exported.character).toBe("Gertrude");
  expect(JSON.stringify(exported.items)).toContain(usualAnswer);

  await page.getByRole("button", { name: /^Forget/ }).click();
  await page.getByRole("button", { name: "Forget it" }).click();
  await page.getByText("None yet.").waitFor();
  expect(conversations.list()).toEqual([]);
  expect(await page.getByRole("alert").count()).toBe(0);
});

test("a server that keeps nothing is not asked, and shows nothing of it", async () => {
  await using place = await visitPage(browser);
  const { page } = place;
  await page.getByRole("link", { name: "About Gertrude" }).click();
  await page.locator(".prompt", { hasText: "You are Gertrude." }).waitFor();
  expect(await page.getByText("Kept conversations").count()).toBe(0);
  expect(place.problems).toEqual([]);
});
