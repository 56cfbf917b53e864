// The place of a character host, with real processes: when the end of one says something about characters.
import { expect, test } from "bun:test";
import { createHostSlot, type HostProcess } from "../../../src/characters/host/host-slot.ts";
import { eventually } from "../../support/eventually.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

const limits = {
  evaluateTimeoutMs: 1000,
  promptTimeoutMs: 1000,
  toolTimeoutMs: 1000,
  replyTimeoutMs: 1000,
  memoryLimitMb: 200,
  idle: { windowMs: 1000, maxShare: 0.2 },
};

test("only one that had started can have been ended by a character", async () => {
  await using folder = await createTempFolder();
  const deaths: HostProcess[] = [];
  await using slot = createHostSlot(
    { onIncident: () => undefined, onStrayOutput: () => undefined, onDeath: (host) => deaths.push(host) },
    {
      purpose: "talk",
      folder: folder.path,
      niceness: 0,
      ...limits,
    },
  );
  const stillborn = slot.current();
  stillborn.kill();
  await stillborn.ended;
  expect([stillborn.hasStarted, deaths.length]).toEqual([false, 0]);

  const next = slot.current();
  expect(next).not.toBe(stillborn);
  await eventually("its start", () => next.hasStarted);
  next.kill();
  await next.ended;
  expect(deaths).toEqual([next]);
});

test("one that is put away is no death", async () => {
  await using folder = await createTempFolder();
  let deaths = 0;
  const slot = createHostSlot(
    { onIncident: () => undefined, onStrayOutput: () => undefined, onDeath: () => (deaths += 1) },
    {
      purpose: "trial",
      folder: folder.path,
      niceness: 5,
      ...limits,
    },
  );
  const host = slot.current();
  await eventually("its start", () => host.hasStarted);
  await slot[Symbol.asyncDispose]();
  expect([host.isRunning, deaths]).toEqual([false, 0]);
  expect(() => slot.current()).toThrow("put away");
});
