import { describe, expect, test } from "bun:test";
import { reduceBrowse, startBrowsing } from "../../../src/cli/browse/browse-state.ts";
import { renderBrowse } from "../../../src/cli/browse/browse-view.ts";
import { browsed, file, press, summary } from "./browse-samples.ts";

const title = { what: "ada" };
const size = { rows: 24, columns: 100 };
const models = Array.from({ length: 40 }, (_, i) => summary(`ada/model-${i + 1}`));

describe("the list", () => {
  test("shows rows with their numbers, the cursor, and what keys there are", () => {
    const lines = renderBrowse(press(startBrowsing(models), "down").state, size, title);
    expect(lines[0]).toBe("ada: 40 models");
    expect(lines[2]).toMatch(/^ {2}# +MODEL +DOWNLOADS/);
    expect(lines[3]).toMatch(/^ {2}1 +ada\/model-1 +1\.2 K/);
    expect(lines[4]).toStartWith("❯ 2");
    expect(lines.at(-1)).toContain("Enter: open");
    expect(lines.length).toBe(24);
  });

  test("slides, so that the cursor is always on the screen", () => {
    for (const keys of ["end", "2 0", "page-down page-down", "end page-up"]) {
      const { state } = press(startBrowsing(models), keys);
      const marked = renderBrowse(state, size, title).filter((line) => line.startsWith("❯"));
      expect(marked).toEqual([expect.stringContaining(`ada/model-${state.cursor + 1} `)]);
    }
  });

  test("tells of the filter, of what is under way, and of what went wrong", () => {
    const state = press(startBrowsing(models), "/model-4").state;
    expect(renderBrowse(state, size, title)[0]).toBe("ada: 2 of 40 models   filter: model-4▏");
    const loading = press(startBrowsing(models), "enter").state;
    expect(renderBrowse(loading, size, title).at(-1)).toContain("asking for ada/model-1");
    const failed = reduceBrowse(loading, { type: "failed", message: "the hub is away" }).state;
    expect(renderBrowse(failed, size, title)).toContain("the hub is away");
  });
});

describe("a model", () => {
  const files = [file("m.Q4_K_M.gguf", 5), file("m.Q8_0.gguf", 12), file("README.md", 0.0001)];
  const show = (keys: string, given = size, changes = {}) => {
    const model = browsed("ada/model-1", files, changes);
    const opened = reduceBrowse(press(startBrowsing(models), "enter").state, {
      type: "described",
      model,
    }).state;
    return renderBrowse(press(opened, keys).state, given, title);
  };

  test("shows its sizes, the one that fits, and the files of the choice", () => {
    const lines = show("");
    expect(lines[0]).toBe("ada/model-1");
    expect(lines[1]).toBe("3 files, 17 GiB, licence mit");
    expect(lines.slice(3, 6)).toEqual([
      "❯ 1  Q4_K_M       5.0 GiB  ← fits this machine best",
      "  2  Q8_0          12 GiB  too large for this machine",
      "  3  everything    17 GiB  too large for this machine",
    ]);
    const shown = lines.join("\n");
    expect(shown).toContain("5.0 GiB  m.Q4_K_M.gguf");
    expect(shown).toContain("README.md");
    expect(shown).not.toContain("m.Q8_0.gguf");
    expect(show("down").join("\n")).toContain("m.Q8_0.gguf");
    expect(show("", size, { gated: "manual", license: null })[1]).toContain(
      "licence not given, gated (manual)",
    );
  });

  test("asks before it downloads, with what speaks against it", () => {
    const lines = show("down enter");
    expect(lines.at(-1)).toBe("Download Q8_0 of ada/model-1: 2 files, 12 GiB? [y/N]");
    expect(lines.some((line) => line.startsWith("! it needs 14.4 GiB of memory"))).toBe(true);
  });

  test("with more files than rows says how many there are besides", () => {
    const many = browsed(
      "ada/many",
      Array.from({ length: 50 }, (_, i) => file(`part-${i}.bin`, 0.001)),
    );
    const state = reduceBrowse(press(startBrowsing(models), "enter").state, {
      type: "described",
      model: many,
    }).state;
    const lines = renderBrowse(state, { rows: 16, columns: 80 }, title);
    expect(lines.length).toBeLessThanOrEqual(16);
    expect(lines.join("\n")).toMatch(/… and 4\d more files/);
  });
});

test("no line is wider than the terminal, no screen longer, however small it is", () => {
  const wide = Array.from({ length: 30 }, (_, i) => summary(`ada/${"模型".repeat(20)}-${i}`));
  const model = browsed("ada/model-1", [file(`${"x".repeat(300)}.Q8_0.gguf`, 12), file("b.Q2_K.gguf", 1)]);
  for (const rows of [1, 3, 6, 10, 24]) {
    for (const columns of [2, 10, 40, 80]) {
      const list = press(startBrowsing(wide), "end").state;
      const opened = reduceBrowse(press(list, "enter").state, { type: "described", model }).state;
      for (const state of [list, opened, press(opened, "enter").state]) {
        const lines = renderBrowse(state, { rows, columns }, title);
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThan(columns);
      }
    }
  }
});

test("names cannot give the terminal orders", () => {
  const evil = "ada/\u001b[2J\u001b]0;title\u0007\u009b31m";
  const list = startBrowsing([summary(evil, { license: "\u001b[31m" })]);
  const model = browsed(evil, [file("\u001b[2Jx.Q8_0.gguf", 1), file("y\r\n.Q2_K.gguf", 1)]);
  const opened = reduceBrowse(press(list, "enter").state, { type: "described", model }).state;
  for (const state of [list, press(list, "enter").state, opened, press(opened, "enter").state]) {
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(renderBrowse(state, size, title).join("")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  }
});
