// Ports for servers that go away and come back: none of those that the system gives to whoever asks for any, or somebody
// else's socket would have it meanwhile.
const first = 20_000;
/** Below what Linux (32,768), macOS and Windows (49,152) give out. */
const count = 10_000;
const attempts = 20;

/** What `open` makes of a port that nobody else has. */
export async function onOwnPort<T>(open: (port: number) => T | Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open(first + Math.floor(Math.random() * count));
    } catch (error) {
      const { code } = error as { code?: unknown };
      const isTaken = code === "EADDRINUSE" || code === "E_BUSY";
      if (!isTaken || attempt === attempts) throw error;
    }
  }
}
