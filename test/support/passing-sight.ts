// What is on the page for a moment only: asked again and again, as locators are, it may have gone between two looks.
import type { Page } from "playwright-core";

/**
 * Resolves when something fits `selector` (CSS), however briefly; rejects after 60 s. Call it before what makes it appear,
 * and await it after.
 */
export function watchFor(page: Page, selector: string): Promise<void> {
  return page.evaluate(
    (wanted) =>
      new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (!document.querySelector(wanted)) return;
          clearTimeout(timer);
          observer.disconnect();
          resolve();
        };
        const observer = new MutationObserver(look);
        const timer = setTimeout(() => {
          observer.disconnect();
          reject(new Error(`${wanted} was never seen`));
        }, 60_000);
        observer.observe(document, {
          subtree: true,
          childList: true,
          attributes: true,
          characterData: true,
        });
        look();
      }),
    selector,
  );
}
