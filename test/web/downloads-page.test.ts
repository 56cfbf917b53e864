// The downloads room in Chromium, against the real server on a store in memory.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { AssetEvent, AssetStatus } from "../../src/assets/port.ts";
import { AppError } from "../../src/base/errors.ts";
import { type Browser, launchBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { type Visit, visitPage } from "../support/page-visit.ts";

setDefaultTimeout(60_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

const row = (
  name: string,
  status: AssetStatus["status"],
  sizeBytes: number | null = 88 * 2 ** 20,
): AssetStatus => ({
  name,
  version: "latest",
  assetType: "model",
  sourceType: "npm",
  checksum: "sha256:00",
  status,
  path: `/assets/${name}`,
  sizeBytes,
});

interface Room extends Visit {
  emit(event: AssetEvent): void;
  item(name: string): ReturnType<Visit["card"]>;
}

async function openRoom(rows: AssetStatus[]): Promise<Room> {
  const visit = await visitPage(browser);
  const { server, page } = visit;
  server.services.assets.rows = rows;
  await page.getByRole("link", { name: "Downloads" }).click();
  const item = (name: string) => page.locator(".item", { hasText: name });
  await item(rows[0]?.name ?? "").waitFor();
  return {
    ...visit,
    emit: (event) => server.services.events.emit(event),
    item,
  };
}

describe("the downloads room", () => {
  test("shows all there is, and what of it is here", async () => {
    await using room = await openRoom([
      row("kokoro-82m-q8", "cached"),
      { ...row("house-voice", "partial", null), partialFraction: 0.43 },
    ]);
    const texts = await room.page.locator(".item").allInnerTexts();
    expect(texts[0]).toMatch(/^Speech\s+here\s+kokoro-82m-q8 · 88 MiB · from the package registry/);
    expect(texts[1]).toMatch(/^house-voice\s+43 % here/);
    await room.page.getByText("1 of 2 here, 88 MiB. Nothing is on its way.").waitFor();
    expect(await room.page.title()).toBe("Downloads · Troupe");
    expect(room.problems).toEqual([]);
  });

  test("begins a download, shows it live from whoever began it, and cancels it", async () => {
    await using room = await openRoom([row("kokoro-82m-q8", "not cached")]);
    const { page, server, emit } = room;
    const { assets } = server.services;
    const asset = "kokoro-82m-q8";
    const held = Promise.withResolvers<void>();
    assets.download = async () => {
      emit({ type: "asset-phase-start", asset, phase: "download" });
      emit({
        type: "asset-progress",
        asset,
        phase: "download",
        doneBytes: 22 * 2 ** 20,
        totalBytes: 88 * 2 ** 20,
        bytesPerSecond: 11 * 2 ** 20,
      });
      await held.promise;
      const error = new AppError("E_INTERRUPTED", "cancelled", { discard: true });
      emit({ type: "asset-download-fail", asset, error });
      throw error;
    };
    assets.cancel = async () => {
      held.resolve();
      return true;
    };
    await page.getByRole("button", { name: "Download kokoro-82m-q8" }).click();
    await room.item(asset).getByText("22 MiB of 88 MiB, 11 MiB/s, 6 s left").waitFor();
    await page.getByText("0 of 1 here. 1 on the way: 11 MiB/s, 6 s left.").waitFor();
    const bar = page.getByRole("progressbar", { name: asset });
    expect(await bar.evaluate((one) => (one as HTMLProgressElement).position)).toBeCloseTo(0.25, 5);
    await page.getByRole("button", { name: "Cancel kokoro-82m-q8" }).click();
    await bar.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Download kokoro-82m-q8" }).waitFor();
    // Nobody is told of a failure that they wanted.
    expect(await page.getByRole("alert").count()).toBe(0);
    expect(room.problems).toEqual([]);
  });

  test("what failed says why, and is tried again", async () => {
    await using room = await openRoom([row("whisper-base", "not cached")]);
    const { page, emit } = room;
    const asset = "whisper-base";
    emit({ type: "asset-download-fail", asset, error: new Error("no source can be reached") });
    await room.item(asset).getByRole("alert").filter({ hasText: "No source can be reached." }).waitFor();
    await page.getByRole("button", { name: "Try again whisper-base" }).click();
    await room.item(asset).getByText("here", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Check whisper-base" }).waitFor();
  });

  test("checks: what is whole is said to be, what is not is named and brought anew", async () => {
    await using room = await openRoom([row("kokoro-82m-q8", "cached")]);
    const { page, server } = room;
    await page.getByRole("button", { name: "Check kokoro-82m-q8" }).click();
    await page.getByText("Checked: every byte is as it should be.").waitFor();
    const badFiles = [{ path: "onnx/model.onnx", expected: "sha256:00", found: null }];
    server.services.assets.verify = async () => [
      { name: "kokoro-82m-q8", status: "changed", expected: "sha256:00", found: "sha256:11", badFiles },
    ];
    await page.getByRole("button", { name: "Check kokoro-82m-q8" }).click();
    await page.getByRole("alert").filter({ hasText: "onnx/model.onnx is not there" }).waitFor();
    await page.getByRole("button", { name: "Download anew kokoro-82m-q8" }).click();
    await page.getByRole("alert").waitFor({ state: "detached" });
    // What was found is forgotten at the press; the server is asked a moment later.
    const { ensureCalls } = server.services.assets;
    await eventually("a download", () => ensureCalls.length > 0);
    expect(ensureCalls.map(({ options }) => options.forceDownload)).toEqual([true]);
  });

  test("removes after asking once more, by keyboard too", async () => {
    await using room = await openRoom([row("kokoro-82m-q8", "cached")]);
    const { page } = room;
    const remove = page.getByRole("button", { name: "Remove kokoro-82m-q8" });
    await remove.focus();
    await page.keyboard.press("Enter");
    // The safe answer is at hand.
    await page.waitForFunction(() => document.activeElement?.textContent === "Keep it");
    await page.keyboard.press("Enter");
    // And who keeps it is where they were.
    const isBack = () => document.activeElement?.textContent?.startsWith("Remove kokoro") === true;
    await page.waitForFunction(isBack);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement?.textContent === "Keep it");
    await page.keyboard.press("Escape");
    await page.waitForFunction(isBack);
    await remove.click();
    await page.getByRole("button", { name: "Remove it" }).click();
    await room.item("kokoro-82m-q8").getByText("not here").waitFor();
  });

  test("shows the list anew when something has come that this page did not ask for", async () => {
    await using room = await openRoom([row("kokoro-82m-q8", "not cached")]);
    const { server, emit } = room;
    await room.item("kokoro-82m-q8").getByText("not here").waitFor();
    server.services.assets.rows = [row("kokoro-82m-q8", "cached")];
    const asset = "kokoro-82m-q8";
    const result = {
      name: asset,
      path: "/x",
      fromCache: false,
      downloadedBytes: 1,
      resumedBytes: 0,
    } as const;
    emit({ type: "asset-download-end", asset, result: { ...result, sourceType: "npm" } });
    await room.page.getByRole("button", { name: "Check kokoro-82m-q8" }).waitFor();
  });
});

test("what another program has removed is seen by who comes back to the page", async () => {
  await using room = await openRoom([row("kokoro-82m-q8", "cached")]);
  room.server.services.assets.rows = [row("kokoro-82m-q8", "not cached")];
  await room.page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await room.item("kokoro-82m-q8").getByText("not here").waitFor();
});

test("a model of the hub that is on its way is shown among the downloads, and cancelled there", async () => {
  await using room = await openRoom([row("kokoro-82m-q8", "cached")]);
  const { page, emit } = room;
  const asset = "Qwen/Qwen3-0.6B-GGUF";
  emit({ type: "asset-phase-start", asset, phase: "download" });
  const asked = page.waitForRequest((request) => request.method() === "DELETE");
  await page.getByRole("button", { name: `Cancel ${asset}` }).click();
  expect((await asked).url()).toEndWith("/v1/hub/models/Qwen%2FQwen3-0.6B-GGUF/download");
  emit({ type: "asset-download-fail", asset, error: new Error(`${asset}: no source can be reached`) });
  await room
    .item(asset)
    .getByRole("alert")
    .filter({ hasText: /^No source can be reached\.$/ })
    .waitFor();
  await room.item(asset).getByRole("link", { name: "Look for it among the models" }).click();
  await page.locator("h2", { hasText: "Models" }).waitFor();
});

test("what was said of a server that was away is not said any more when it is back", async () => {
  await using room = await openRoom([row("kokoro-82m-q8", "cached")]);
  const { page, server } = room;
  await server.goAway();
  await page.getByText("The server cannot be reached; trying again").waitFor();
  await page.getByRole("button", { name: "Check kokoro-82m-q8" }).click();
  const alert = page
    .getByRole("alert")
    .filter({ hasText: "The server cannot be reached. Is it still running?" });
  await alert.waitFor();
  await server.comeBack();
  await alert.waitFor({ state: "detached" });
});

test("who may not change anything is asked for a key, and then may", async () => {
  await using visit = await visitPage(browser, { apiKeys: ["sesame"] });
  const { page } = visit;
  await page.goto(`${visit.server.url}/#/downloads`);
  await page.getByRole("button", { name: "Download kokoro" }).click();
  const field = page.getByLabel("This server asks for a key.");
  await field.fill("barley");
  await page.keyboard.press("Enter");
  // A wrong key opens nothing at all, and it is said that it is wrong.
  await page.getByText("The stage door is locked").waitFor();
  await page.getByLabel("That key does not fit. This server asks for a key.").fill("sesame");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Download kokoro" }).click();
  await page.getByRole("button", { name: "Check kokoro" }).waitFor();
});
