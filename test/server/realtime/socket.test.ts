import { expect, test } from "bun:test";
import { createGaDialect } from "../../../src/server/realtime/ga.ts";
import type { RealtimeConnection } from "../../../src/server/realtime/port.ts";
import { createConnection } from "../../../src/server/realtime/socket.ts";
import { createManualClock } from "../../support/manual-clock.ts";

test("a client whose place was taken before its socket was open has no session", () => {
  const seen: string[] = [];
  const clock = createManualClock();
  const connection = createConnection({
    dialect: createGaDialect("sess_t"),
    clock,
    openSession: () => {
      throw new Error("a session begins");
    },
    onBug: (error) => seen.push(String(error)),
    onOpen: () => seen.push("open"),
    onClose: () => seen.push("close"),
  });
  connection.hangUp();
  const close = (code?: number): void => {
    seen.push(`closed with ${code}`);
    connection.close(code ?? 0);
  };
  connection.open({ close } as Bun.ServerWebSocket<RealtimeConnection>);
  expect(seen).toEqual(["open", "closed with 1001", "close"]);
  expect(connection.session).toBeUndefined();
  expect(clock.scheduledCount).toBe(0);
});
