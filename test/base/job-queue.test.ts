import { describe, expect, test } from "bun:test";
import { array, assert, constant, constantFrom, oneof, property, record } from "fast-check";
import { createJobQueue, type QueuedJob } from "../../src/base/job-queue.ts";

interface TestJob extends QueuedJob {
  name: string;
}
const job = (name: string, sessionId: string, priority: "head" | "tail" = "tail"): TestJob => ({
  name,
  sessionId,
  priority,
});
const takeAll = (queue: { take(): TestJob | undefined }): string[] => {
  const names: string[] = [];
  for (let next = queue.take(); next; next = queue.take()) names.push(next.name);
  return names;
};

describe("job queue", () => {
  test("one session's jobs keep their order", () => {
    const queue = createJobQueue<TestJob>(8);
    for (const name of ["1", "2", "3"]) queue.push(job(name, "a"));
    expect(takeAll(queue)).toEqual(["1", "2", "3"]);
  });

  test("sessions take turns", () => {
    const queue = createJobQueue<TestJob>(16);
    for (const name of ["a1", "a2", "a3"]) queue.push(job(name, "a"));
    for (const name of ["b1", "b2"]) queue.push(job(name, "b"));
    queue.push(job("c1", "c"));
    expect(takeAll(queue)).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
  });

  test("a session that hands in one piece at a time gets every second turn beside one with many waiting", () => {
    const queue = createJobQueue<TestJob>(16);
    for (const name of ["a1", "a2", "a3", "a4"]) queue.push(job(name, "a"));
    const served: (string | undefined)[] = [queue.take()?.name];
    for (const name of ["b1", "b2", "b3"]) {
      queue.push(job(name, "b"));
      served.push(queue.take()?.name, queue.take()?.name);
    }
    expect(served).toEqual(["a1", "b1", "a2", "b2", "a3", "b3", "a4"]);
  });

  test("every head goes before every tail, heads in turns too", () => {
    const queue = createJobQueue<TestJob>(16);
    queue.push(job("a-tail", "a"));
    queue.push(job("a-head", "a", "head"));
    queue.push(job("a-head2", "a", "head"));
    queue.push(job("b-tail", "b"));
    queue.push(job("b-head", "b", "head"));
    expect(takeAll(queue)).toEqual(["a-head", "b-head", "a-head2", "b-tail", "a-tail"]);
  });

  test("a full queue refuses, a removed job frees its place, drain empties", () => {
    const queue = createJobQueue<TestJob>(2);
    const [a, b, c] = [job("a", "s"), job("b", "s"), job("c", "s")];
    expect([queue.push(a), queue.push(b), queue.push(c)]).toEqual([true, true, false]);
    expect([queue.remove(a), queue.remove(a), queue.push(c)]).toEqual([true, false, true]);
    expect(queue.drain()).toEqual([b, c]);
    expect(queue.size).toBe(0);
  });

  test("no session is passed over twice by another while it waits", () => {
    const seed = Date.now() & 0xffff;
    const action = oneof(record({ push: constantFrom("a", "b", "c", "d") }), constant({ push: undefined }));
    assert(
      property(array(action, { maxLength: 60 }), (actions) => {
        const queue = createJobQueue<TestJob>(1000);
        const waiting = new Map<string, number>();
        const passedBy = new Map<string, Map<string, number>>();
        for (const { push: sessionId } of actions) {
          if (sessionId) {
            queue.push(job("", sessionId));
            waiting.set(sessionId, (waiting.get(sessionId) ?? 0) + 1);
            if (!passedBy.has(sessionId)) passedBy.set(sessionId, new Map());
            continue;
          }
          const taken = queue.take();
          if (!taken) continue;
          const left = (waiting.get(taken.sessionId) ?? 0) - 1;
          if (left > 0) waiting.set(taken.sessionId, left);
          else waiting.delete(taken.sessionId);
          passedBy.delete(taken.sessionId);
          if (left > 0) passedBy.set(taken.sessionId, new Map());
          for (const [other, counts] of passedBy) {
            if (other === taken.sessionId) continue;
            const count = (counts.get(taken.sessionId) ?? 0) + 1;
            counts.set(taken.sessionId, count);
            if (count > 1) throw new Error(`${taken.sessionId} passed ${other} twice`);
          }
        }
      }),
      { seed },
    );
  });
});
