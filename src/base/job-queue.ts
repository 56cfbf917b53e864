// Who goes next: heads before tails, and among equals the session that was served longest ago. A session with sixty
// pieces waiting so delays another by one piece, however the other hands its pieces in.

export interface QueuedJob {
  readonly sessionId: string;
  readonly priority: "head" | "tail";
}

export interface JobQueue<J extends QueuedJob> {
  /** False when the queue is full: the job was not taken. */
  push(job: J): boolean;
  /** The job whose turn it is, removed. */
  take(): J | undefined;
  /** True if the job was waiting. */
  remove(job: J): boolean;
  /** Every waiting job, removed, in order of arrival. */
  drain(): J[];
  readonly size: number;
}

/** Sessions whose last turn is remembered; a forgotten one counts as never served. */
const rememberedSessions = 512;

export function createJobQueue<J extends QueuedJob>(limit: number): JobQueue<J> {
  let waiting: J[] = [];
  // Keys in order of their last turn, the oldest first.
  const lastTurn = new Map<string, number>();
  let turn = 0;

  const isBefore = (a: J, b: J): boolean => {
    if (a.priority !== b.priority) return a.priority === "head";
    return (lastTurn.get(a.sessionId) ?? 0) < (lastTurn.get(b.sessionId) ?? 0);
  };
  const remember = (sessionId: string): void => {
    lastTurn.delete(sessionId);
    lastTurn.set(sessionId, ++turn);
    if (lastTurn.size <= rememberedSessions) return;
    for (const oldest of lastTurn.keys()) {
      lastTurn.delete(oldest);
      return;
    }
  };

  return {
    push(job) {
      if (waiting.length >= limit) return false;
      waiting.push(job);
      return true;
    },
    take() {
      let best: J | undefined;
      for (const job of waiting) if (!best || isBefore(job, best)) best = job;
      if (!best) return undefined;
      const taken = best;
      waiting = waiting.filter((job) => job !== taken);
      remember(taken.sessionId);
      return taken;
    },
    remove(job) {
      const before = waiting.length;
      waiting = waiting.filter((other) => other !== job);
      return waiting.length < before;
    },
    drain() {
      const all = waiting;
      waiting = [];
      return all;
    },
    get size() {
      return waiting.length;
    },
  };
}
