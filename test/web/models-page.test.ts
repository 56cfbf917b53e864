// The models room in Chromium: the real server and library, and a local hub.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { registryFileName } from "../../src/assets/registry/registry.ts";
import { makeBytes } from "../assets/store-fixture.ts";
import { type Browser, launchBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import type { HubRepository } from "../support/hub-server.ts";
import { createPageModels } from "../support/page-models.ts";
import { type Visit, visitPage } from "../support/page-visit.ts";

setDefaultTimeout(120_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

const repositories = (): Record<string, HubRepository> => ({
  "bob/small-GGUF": {
    files: {
      "small.Q2_K.gguf": makeBytes(200_000, 1),
      "small.Q4_K_M.gguf": makeBytes(400_000, 2),
      "README.md": new TextEncoder().encode("# Small\n"),
    },
    license: "apache-2.0",
    downloads: 12_345,
    libraryName: "gguf",
  },
  "eve/strict": { files: { "model.bin": makeBytes(3000, 3) }, license: "llama3.2" },
});

async function openRoom(apiKeys: readonly string[] = []) {
  const stack = new AsyncDisposableStack();
  const { hub, services } = stack.use(await createPageModels(repositories()));
  const visit = stack.use(await visitPage(browser, { services, apiKeys }));
  await visit.page.getByRole("link", { name: "Models" }).click();
  return { ...visit, hub, services, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function lookFor({ page }: Visit, text: string, id: string): Promise<void> {
  await page.getByLabel("Look for").fill(text);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: id }).click();
  await page.locator(".closeup .fit").waitFor();
}

test("a model is found, looked at, installed with progress, cancelled, and installed again", async () => {
  await using room = await openRoom();
  const { page, hub } = room;
  await page.getByText("None is installed.").waitFor();
  await lookFor(room, "small", "bob/small-GGUF");
  expect(await page.locator(".find span").first().innerText()).toContain(
    "12k downloads · 0 likes · apache-2.0",
  );
  await page.getByText("Nothing has to be accepted.").waitFor();
  // The largest that fits is chosen, and any other can be.
  expect(await page.getByRole("radio", { name: "Q4_K_M" }).isChecked()).toBe(true);
  await page.getByRole("radio", { name: "Q2_K" }).check();

  hub.bytesPerSecond = 4000;
  await page.getByRole("button", { name: /^Install Q2_K, 195 KiB/ }).click();
  const bar = page.getByRole("progressbar", { name: "bob/small-GGUF" });
  await bar.waitFor();
  await page.locator(".closeup").getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: /^Install Q2_K/ }).waitFor();
  await page.getByText("None is installed.").waitFor();
  expect(await page.getByRole("alert").count()).toBe(0);

  hub.bytesPerSecond = null;
  await page.getByRole("button", { name: /^Install Q2_K/ }).click();
  await page.getByText("One is installed, 195 KiB.").waitFor();
  await page.locator(".closeup").getByText("It is here.").waitFor();
  await page.locator(".item", { hasText: "bob/small-GGUF" }).getByText("llama-cpp").waitFor();
  await page.getByRole("button", { name: "Check bob/small-GGUF" }).click();
  await page.getByText("Checked: every byte is as it should be.").waitFor();
  expect(room.problems).toEqual([]);
});

test("a model that was damaged is found out, and is whole when it is installed again", async () => {
  await using room = await openRoom();
  const { page, services, hub } = room;
  await lookFor(room, "small", "bob/small-GGUF");
  await page.getByRole("radio", { name: "Q2_K" }).check();
  await page.getByRole("button", { name: /^Install Q2_K/ }).click();
  await page.getByText(/^One is installed/).waitFor();
  const files = new Bun.Glob("**/*.gguf").scan({ cwd: dirname(services.modelsRoot ?? ""), absolute: true });
  for await (const file of files) await Bun.write(file, new Uint8Array(await Bun.file(file).bytes()).fill(1));
  const check = page.getByRole("button", { name: "Check bob/small-GGUF" });
  await check.click();
  const alert = page.locator(".item").getByRole("alert");
  await alert.filter({ hasText: "is not what it should be" }).waitFor();
  expect(await alert.innerText()).toContain("Look for it above and install it again");
  const bring = page.getByRole("button", { name: "Bring what is missing of Q2_K" });

  // What is on its way is neither checked nor removed.
  hub.bytesPerSecond = 4000;
  await bring.click();
  await page.getByRole("progressbar", { name: "bob/small-GGUF" }).waitFor();
  expect(await check.isDisabled()).toBe(true);
  expect(await page.getByRole("button", { name: "Remove bob/small-GGUF" }).isDisabled()).toBe(true);
  await page.locator(".closeup").getByRole("button", { name: "Cancel" }).click();
  await bring.waitFor();

  hub.bytesPerSecond = null;
  const installedAt = async () => (await services.library?.records())?.get("bob/small-GGUF")?.installed_at;
  const earlier = await installedAt();
  await bring.click();
  // While it takes its place there is no record of it.
  await eventually("a new record", async () => ![undefined, earlier].includes(await installedAt()));
  await check.click();
  await page.getByText("Checked: every byte is as it should be.").waitFor();
});

test("what another program has removed is seen by who comes back to the page", async () => {
  await using room = await openRoom();
  const { page, services } = room;
  await services.library?.download({ modelId: "bob/small-GGUF" });
  await page.getByText(/^One is installed/).waitFor();
  await rm(join(services.modelsRoot ?? "", registryFileName));
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await page.getByText("None is installed.").waitFor();
});

test("a licence is accepted by name before anything comes", async () => {
  await using room = await openRoom();
  const { page, hub } = room;
  await lookFor(room, "strict", "eve/strict");
  const install = page.getByRole("button", { name: /^Install/ });
  expect(await install.isDisabled()).toBe(true);
  const link = page.getByRole("link", { name: "the model's page" });
  expect(await link.getAttribute("href")).toBe(`${hub.origin}/eve/strict`);
  await page.getByLabel("Your name").fill("Ada");
  await page.getByRole("button", { name: "I accept" }).click();
  await page.getByText("It has been accepted on this machine.").waitFor();
  await install.click();
  await page.getByText(/^One is installed/).waitFor();
  const record = (await room.services.library?.records())?.get("eve/strict");
  expect(record?.license_accepted).toMatchObject({ user_id: "Ada", license_type: "llama3.2" });
});

test("what is pinned stays when room is made; what would go is shown first", async () => {
  await using room = await openRoom();
  const { page, services } = room;
  await services.library?.download({ modelId: "bob/small-GGUF" });
  await page.getByText(/^One is installed/).waitFor();
  const pin = page.getByRole("button", { name: "Pin bob/small-GGUF" });
  await pin.click();
  await page.getByText("pinned", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Remove bob/small-GGUF" }).isDisabled()).toBe(true);
  await page.getByRole("button", { name: "Show what would go" }).click();
  await page.getByText("There is nothing that could go.").waitFor();

  await pin.click();
  await page.getByText("pinned", { exact: true }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Show what would go" }).click();
  await page.getByText(/^This would free \d+ KiB:$/).waitFor();
  await page.getByText(/^One is installed/).waitFor();
  await page.getByRole("button", { name: /^Remove it, \d+ KiB$/ }).click();
  await page.getByText(/^\d+ KiB are free again. Gone are:$/).waitFor();
  await page.getByText("None is installed.").waitFor();
  expect(room.problems).toEqual([]);
});

test("a search that finds nothing says so, and one that is not allowed asks for the key", async () => {
  await using room = await openRoom(["sesame"]);
  const { page } = room;
  await page.getByLabel("Look for").fill("nothing-like-it");
  await page.keyboard.press("Enter");
  // For the search and for the list.
  const keys = page.getByLabel("This server asks for a key.");
  await keys.nth(1).waitFor();
  await keys.first().fill("sesame");
  await page.keyboard.press("Enter");
  await page.getByText("None is installed.").waitFor();
  await keys.first().waitFor({ state: "detached" });
  await page.getByLabel("Look for").focus();
  await page.keyboard.press("Enter");
  await page.getByText("The hub has nothing of that name.").waitFor();
});
