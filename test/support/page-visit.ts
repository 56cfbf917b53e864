// One visit of a browser to the page of a server of its own.
import type { BrowserContextOptions, Locator, Page } from "playwright-core";
import type { Browser, BrowserPage } from "./browser.ts";
import { createFakeCharacter, sayWords } from "./fake-services.ts";
import { type PageServer, type PageServerOptions, startPageServer } from "./page-server.ts";

const voiceSource = { source_type: "provider", provider: "fake", voice: "tone-low" } as const;
export const visitedCast = [
  createFakeCharacter("Gertrude", {
    voiceSource,
    metadata: { tagline: "Queen of hearts", color: "#a83a6b" },
  }),
  createFakeCharacter("Hal", { voiceSource, metadata: { tagline: "Keeper of clocks" } }),
];
/** What the characters say unless a script says otherwise. */
export const usualAnswer = "Good evening.";

export type VisitOptions = Partial<PageServerOptions>;

export interface Visit extends BrowserPage, AsyncDisposable {
  server: PageServer;
  card(name: string): Locator;
  readonly turns: Locator;
  /** Resolves when all that was to be said has been said. */
  idle(): Promise<void>;
}

export async function visitPage(
  browser: Browser,
  options: VisitOptions = {},
  context: BrowserContextOptions = {},
): Promise<Visit> {
  const stack = new AsyncDisposableStack();
  const script = sayWords(usualAnswer);
  const server = stack.use(await startPageServer({ characters: visitedCast, script, ...options }));
  const opened = await browser.open(server.url, context);
  const { page }: { page: Page } = opened;
  stack.defer(() => page.context().close());
  await page.locator(".card").first().waitFor();
  return {
    ...opened,
    server,
    card: (name) => page.locator(".card", { hasText: name }),
    turns: page.locator(".turn"),
    idle: () => page.locator('.chip[data-activity="idle"]', { hasText: "ready" }).waitFor(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
