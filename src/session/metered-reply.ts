// What a reply costs, whatever becomes of it: as its model says at the end, and of one that was dropped or interrupted
// before that, as far as can be told from here.
import { isAbortError } from "../base/errors.ts";
import { estimateTokens } from "../reply/estimate-tokens.ts";
import type { ReplyEvent, ReplyMessage, ReplyUsage } from "../reply/port.ts";
import { estimateMessages } from "./memory.ts";

/** Told once for each reply that was asked for, when no more comes of it. */
export type SpendTokens = (usage: ReplyUsage) => void;

/** Passes the events on. A reply that is refused or fails before its first word has cost nothing. */
export async function* meterReply(
  events: AsyncIterable<ReplyEvent>,
  messages: readonly ReplyMessage[],
  spend: SpendTokens | undefined,
): AsyncGenerator<ReplyEvent, void, undefined> {
  if (!spend) {
    yield* events;
    return;
  }
  let usage: ReplyUsage | undefined;
  // Each round after tools is told everything again.
  let toldTokens = estimateMessages(messages);
  const sum = { inputTokens: toldTokens, outputTokens: 0 };
  let written = "";
  let results = "";
  let isForNothing = false;
  try {
    for await (const event of events) {
      if (event.type === "finish") ({ usage } = event);
      else if (event.type === "tool-result") results += event.content;
      else {
        if (results !== "") {
          sum.outputTokens += estimateTokens(written);
          toldTokens += estimateTokens(written + results);
          sum.inputTokens += toldTokens;
          written = results = "";
        }
        written += event.type === "text-delta" ? event.text : event.name + event.arguments;
      }
      yield event;
    }
  } catch (error) {
    isForNothing = written === "" && sum.outputTokens === 0 && !isAbortError(error);
    throw error;
  } finally {
    sum.outputTokens += estimateTokens(written);
    if (!isForNothing) spend(usage ?? sum);
  }
}
