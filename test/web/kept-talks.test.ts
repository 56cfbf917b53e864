// Conversations that the server keeps, gone on with, taken home and forgotten from the character's own page, in Chromium.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { type ConversationStore, openConversationStore } from "../../src/session/conversation-store.ts";
import { type Browser, launchBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { usualAnswer, type Visit, visitPage } from "../support/page-visit.ts";
import { createTempFolder } from "../support/temp-folder.ts";

setDefaultTimeout(90_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

interface KeepingVisit extends Visit {
  conversations: ConversationStore;
}

/** A server that keeps conversations; `keep` lets there be some already. */
async function visitKeeper(keep?: (store: ConversationStore) => void): Promise<KeepingVisit> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await createTempFolder());
  const conversations = stack.use(
    openConversationStore(
      { clock: systemClock, onTrouble: () => undefined },
      { file: join(folder.path, "talks.sqlite") },
    ),
  );
  keep?.(conversations);
  const visit = await visitPage(browser, { services: { conversations } });
  stack.defer(() => visit[Symbol.asyncDispose]());
  return { ...visit, conversations, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Of one question and one answer. */
function keepTalk(store: ConversationStore, id: string, character: string, question: string): void {
  const thread = store.open(id, { onTaken: () => undefined });
  const base = { type: "message", status: "completed", toolRuns: [] } as const;
  thread.keep({
    items: [
      { ...base, id: `${id}-1`, role: "user", parts: [{ type: "input-text", text: question }] },
      { ...base, id: `${id}-2`, role: "assistant", parts: [{ type: "output-text", text: "So it is said." }] },
    ],
    memory: null,
    cast: { character: { name: character } },
  });
  thread.finish();
}

test("an earlier talk is gone on with: its words are shown, and the character knows them", async () => {
  await using place = await visitKeeper((store) => {
    keepTalk(store, "of-yesterday", "Gertrude", "Does the king snore?");
    keepTalk(store, "of-another", "Hal", "What time is it?");
  });
  const { page, server } = place;
  await page.getByRole("link", { name: "About Gertrude" }).click();
  // The other one is with somebody else.
  await page.getByText("2 turns").waitFor();
  expect(await page.locator(".last-words").allInnerTexts()).toEqual(["So it is said."]);
  expect(await page.getByRole("button", { name: /^Go on/ }).count()).toBe(1);
  await page.getByRole("button", { name: /^Go on/ }).click();
  await page.locator(".player h2", { hasText: "Gertrude" }).waitFor();
  await place.turns.nth(1).waitFor();
  expect(await place.turns.allInnerTexts()).toEqual([
    "You\nDoes the king snore?",
    "Gertrude\nSo it is said.",
  ]);
  await place.idle();
  // Nobody greets whom they know.
  expect(server.services.replyRequests).toEqual([]);
  await page.getByLabel("Type something").fill("And the queen?");
  await page.keyboard.press("Enter");
  await place.turns.nth(3).waitFor();
  await place.idle();
  expect(
    server.services.replyRequests[0]?.messages.map(({ role, content }) => [role, content]).slice(-3),
  ).toEqual([
    ["user", "Does the king snore?"],
    ["assistant", "So it is said."],
    ["user", "And the queen?"],
  ]);
  await eventually("the rest of it on disk", () => place.conversations.read("of-yesterday").itemCount === 4);

  // It is the one that is going on now, and left where it is.
  await page.getByRole("link", { name: "About Gertrude" }).first().click();
  await page.getByText("4 turns · going on now").waitFor();
  await page.getByRole("button", { name: /^Back to it/ }).click();
  await place.turns.nth(3).waitFor();

  // Another talk can be begun, and this one is kept.
  await page.getByRole("link", { name: "About Gertrude" }).first().click();
  await page.getByRole("button", { name: "Begin anew" }).click();
  await page.getByText(usualAnswer).waitFor();
  await place.idle();
  expect(await place.turns.count()).toBe(1);
  await eventually("two talks", () => place.conversations.list().length === 3);
  expect(place.conversations.read("of-yesterday").itemCount).toBe(4);
  expect(place.problems).toEqual([]);
});

test("an earlier talk is taken up by the keyboard alone, and the line for typing has the focus", async () => {
  await using place = await visitKeeper((store) => keepTalk(store, "old", "Gertrude", "Hello?"));
  const { page } = place;
  await page.getByRole("link", { name: "About Gertrude" }).click();
  await page.getByRole("button", { name: /^Go on/ }).focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label")?.startsWith("Type"));
  await place.turns.nth(1).waitFor();
});

test("of many talks the newest are shown, and all at a press", async () => {
  await using place = await visitKeeper((store) => {
    for (let i = 0; i < 12; i++) keepTalk(store, `talk-${i}`, "Gertrude", `Question ${i}?`);
  });
  const { page } = place;
  await page.getByRole("link", { name: "About Gertrude" }).click();
  await page.getByRole("button", { name: "Show all 12" }).click();
  await page.getByRole("button", { name: "Show all 12" }).waitFor({ state: "detached" });
  expect(await page.getByRole("button", { name: /^Go on/ }).count()).toBe(12);
  expect(await page.locator(".lines li").count()).toBe(12);
});

test("a talk is kept, exported as JSON, and forgotten while it is going on", async () => {
  await using place = await visitKeeper();
  const { page, conversations } = place;
  await place.card("Gertrude").click();
  await place.idle();
  await eventually("the talk on disk", () => conversations.list()[0]?.itemCount === 1);
  await page.getByRole("link", { name: "About Gertrude" }).first().click();
  await page.getByText("1 turn · going on now").waitFor();

  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: /^Export as JSON, the talk of / }).click();
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
