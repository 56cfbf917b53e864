// docs/realtime.md has every event of OpenAI's, and says of each the truth about whether it is taken, or sent.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createEventHub } from "../../../src/base/events.ts";
import { createMetrics } from "../../../src/observability/metrics.ts";
import { unofferedEvents } from "../../../src/server/realtime/ga-decode.ts";
import { clientEventSchemas } from "../../../src/server/realtime/ga-schema.ts";
import { betaTypes, gaTypes } from "../../support/openai-types.ts";

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const page = read("docs/realtime.md");

/** What a heading's part of the page says. */
function partOf(heading: string): string {
  const from = page.indexOf(`\n## ${heading}\n`);
  if (from < 0) throw new Error(`docs/realtime.md has no part "${heading}"`);
  const to = page.indexOf("\n## ", from + 1);
  return page.slice(from, to < 0 ? undefined : to);
}

/** The names in the first column of a table. */
function namesIn(part: string): string[] {
  const cells = part.split("\n").map((line) => /^\| (`[^|]*) \|/.exec(line)?.[1] ?? "");
  return cells.flatMap((cell) => [...cell.matchAll(/`([a-z_.]+)`/g)].map(([, name = ""]) => name));
}

const both = (name: string): string[] => [
  ...new Set([...gaTypes.listTypeNames(name), ...betaTypes.listTypeNames(name)]),
];

describe("the page on voice sessions", () => {
  const clientNames = namesIn(partOf("What clients send"));

  test("lists each client event that the package openai knows, once", () => {
    expect(clientNames.toSorted()).toEqual(both("RealtimeClientEvent").toSorted());
  });

  test("calls refused what is refused, and nothing else", () => {
    const rows = partOf("What clients send").split("\n");
    for (const name of clientNames) {
      const row = rows.find((line) => line.startsWith(`| \`${name}\``)) ?? "";
      const isTaken = Object.hasOwn(clientEventSchemas, name);
      expect([name, row.includes("| Refused")]).toEqual([name, !isTaken]);
      expect([name, Object.hasOwn(unofferedEvents, name)]).toEqual([name, !isTaken]);
    }
    for (const name of Object.keys(clientEventSchemas)) expect(clientNames).toContain(name);
  });

  const [sentPart = "", neverPart = ""] = partOf("What clients are sent").split("Never sent:");
  const sent = namesIn(sentPart);
  const never = [...neverPart.matchAll(/`([a-z]+[a-z_]*\.[a-z_.]+)`/g)].map(([, name = ""]) => name);

  test("lists each server event of today's that the package openai knows, as sent or as never sent", () => {
    const known = gaTypes.listTypeNames("RealtimeServerEvent");
    expect([...sent, ...never].toSorted()).toEqual(known.toSorted());
  });

  test("calls sent what the encoders send, and nothing else", () => {
    const written = [
      ...`${read("src/server/realtime/ga-encode.ts")}${read("src/server/realtime/beta-encode.ts")}`.matchAll(
        /"([a-z_]+(?:\.[a-z_]+)*)"/g,
      ),
    ]
      .map(([, name = ""]) => name)
      .filter((name) => gaTypes.listTypeNames("RealtimeServerEvent").includes(name));
    expect([...new Set(written)].toSorted()).toEqual(sent.toSorted());
  });

  test("lists each measurement of voice sessions, and none that there is not", async () => {
    using metrics = createMetrics(createEventHub());
    const made = [...(await metrics.render()).matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
    const ofSessions = made.filter(
      (name) =>
        name.startsWith("troupe_voice_") || (name.startsWith("worker_") && !name.includes("character")),
    );
    expect(namesIn(partOf("Measurements")).toSorted()).toEqual(ofSessions.toSorted());
  });
});
