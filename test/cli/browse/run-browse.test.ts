// The browser on a keyboard of the test's own, before a scripted hub.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/base/errors.ts";
import { listChoices } from "../../../src/cli/browse/list-choices.ts";
import { runBrowse } from "../../../src/cli/browse/run-browse.ts";
import { type Keyboard, openScreen } from "../../../src/cli/browse/screen.ts";
import { describeModel } from "../../../src/models/describe-model.ts";
import { listModelsForOwner } from "../../../src/models/list-models.ts";
import { eventually } from "../../support/eventually.ts";
import { failureOf } from "../../support/failure-of.ts";
import { buildModelGguf } from "../../support/gguf-writer.ts";
import { createHubFixture } from "../../models/hub/hub-fixture.ts";
import { machine } from "./browse-samples.ts";

interface FakeTerminal {
  keyboard: Keyboard;
  /** All that was written. */
  written: string;
  /** The last screen that was drawn. */
  screen(): string;
  press(text: string): void;
  isRaw: boolean;
  isListening(): boolean;
  resize(columns: number): void;
}

function createFakeTerminal(): FakeTerminal & { open: Parameters<typeof runBrowse>[0]["open"] } {
  const listeners = new Set<(data: Uint8Array | string) => void>();
  let columns = 100;
  let onSize: () => void = () => undefined;
  const fake: FakeTerminal = {
    written: "",
    isRaw: false,
    isListening: () => listeners.size > 0,
    keyboard: {
      setRawMode: (isRaw) => (fake.isRaw = isRaw),
      resume: () => undefined,
      pause: () => undefined,
      on: (_, listener) => listeners.add(listener),
      off: (_, listener) => listeners.delete(listener),
    },
    screen: () => fake.written.split("\u001b[H").at(-1) ?? "",
    press(text) {
      for (const listener of listeners) listener(new TextEncoder().encode(text));
    },
    resize(given) {
      columns = given;
      onSize();
    },
  };
  return Object.assign(fake, {
    open: (given: Parameters<Parameters<typeof runBrowse>[0]["open"]>[0]) =>
      openScreen({
        ...given,
        keyboard: fake.keyboard,
        terminal: { writeError: (text) => void (fake.written += text) },
        size: () => ({ rows: 24, columns }),
        watchSize(onChange) {
          onSize = onChange;
          return { [Symbol.dispose]: () => void (onSize = () => undefined) };
        },
      }),
  });
}

const gguf = buildModelGguf();

async function startBrowser(signal = new AbortController().signal) {
  const hub = await createHubFixture({
    "ada/one": { files: { "m.Q8_0.gguf": gguf }, downloads: 9 },
    "ada/two": {
      files: { "m.Q2_K.gguf": gguf, "m.Q4_K_M.gguf": new Uint8Array([...gguf, 0]) },
      downloads: 5,
    },
  });
  const terminal = createFakeTerminal();
  const models = await listModelsForOwner(hub.client, { owner: "ada" });
  const outcome = runBrowse(
    {
      open: terminal.open,
      async describe(modelId, own) {
        const dependencies = { hub: hub.client, findInstallation: async () => null };
        const description = await describeModel(dependencies, modelId, { signal: own });
        return { ...description, choices: listChoices(machine, description.model) };
      },
    },
    { models, signal, what: "ada" },
  );
  outcome.catch(() => undefined);
  const shows = (text: string) =>
    eventually(`"${text}" on the screen`, () => terminal.screen().includes(text));
  return { hub, terminal, outcome, shows, [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose]() };
}

function expectGivenBack(terminal: FakeTerminal): void {
  expect([terminal.isRaw, terminal.isListening()]).toEqual([false, false]);
  // The cursor is shown, and the other screen left.
  expect(terminal.written).toEndWith("\u001b[?25h\u001b[?1049l");
}

describe("browsing", () => {
  test("ends with what was chosen and confirmed, and gives the terminal back", async () => {
    await using b = await startBrowser();
    expect(b.terminal.isRaw).toBe(true);
    await b.shows("❯ 1  ada/one");
    b.terminal.press("\u001b[B\r");
    await b.shows("fits this machine best");
    b.terminal.press("1\r");
    await b.shows("Download Q2_K of ada/two");
    b.terminal.press("y");
    const chosen = await b.outcome;
    expect(chosen?.model.model.modelId).toBe("ada/two");
    expect(chosen?.choice).toMatchObject({ name: "Q2_K", include: ["m.Q2_K.gguf"] });
    expectGivenBack(b.terminal);
  });

  test("may be left without anything", async () => {
    await using b = await startBrowser();
    b.terminal.press("\u001b");
    expect(await b.outcome).toBeNull();
    expectGivenBack(b.terminal);
  });

  test("ends with Ctrl-C and with the signal, in the midst of a request too", async () => {
    for (const stops of ["key", "signal"] as const) {
      const stop = new AbortController();
      await using b = await startBrowser(stop.signal);
      b.hub.server.failAlways("/api/models/ada/one/revision/main", { kind: "silence" });
      b.terminal.press("\r");
      await b.shows("asking for ada/one");
      if (stops === "key") b.terminal.press("\u0003");
      else stop.abort(new AppError("E_INTERRUPTED", "stopped by SIGTERM"));
      expect(await failureOf(b.outcome)).toMatchObject({ code: "E_INTERRUPTED" });
      expectGivenBack(b.terminal);
    }
  });

  test("does not begin when it has been stopped already", async () => {
    await using b = await startBrowser(AbortSignal.abort());
    expect(await failureOf(b.outcome)).toMatchObject({ code: "E_INTERRUPTED" });
    expect(b.terminal.written).toBe("");
  });

  test("what the hub refuses is shown, and browsing goes on", async () => {
    await using b = await startBrowser();
    delete b.hub.repositories["ada/one"];
    b.terminal.press("\r");
    await b.shows("no such repository");
    b.terminal.press("\u001b[B\r");
    await b.shows("fits this machine best");
    b.terminal.press("q");
    expect(await b.outcome).toBeNull();
  });

  test("a request that is given up is ended", async () => {
    await using b = await startBrowser();
    b.hub.server.fail("/api/models/ada/one/revision/main", { kind: "silence" });
    b.terminal.press("\r");
    await b.hub.server.waitForRequest(({ path }) => path.includes("ada/one/revision"));
    b.terminal.press("\u001b");
    await b.shows("Enter: open");
    b.terminal.press("\r");
    await b.shows("fits");
    b.terminal.press("q");
    expect(await b.outcome).toBeNull();
  });

  test("another size of the terminal draws it anew", async () => {
    await using b = await startBrowser();
    await b.shows("LICENCE");
    b.terminal.resize(30);
    await eventually("a narrow screen", () => !b.terminal.screen().includes("LICENCE"));
    b.terminal.press("q");
    await b.outcome;
  });
});
