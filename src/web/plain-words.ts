// What went wrong, in words for the person in front of the page. The server's messages name the cure, so they are kept;
// what they are about is said first.
import type { WireFault, WireResponse } from "./realtime-events.ts";

const leads: Readonly<Record<string, string>> = {
  E_BUSY: "That has to wait a moment.",
  E_CHARACTER: "Something in this character's file went wrong.",
  E_COMPAT: "This machine cannot do that.",
  E_NET: "The answers come from somewhere that cannot be reached.",
  E_NOT_FOUND: "Something is missing.",
  E_PERM: "That was not allowed.",
  E_QUOTA: "A limit was reached.",
  E_INTERNAL: "Something broke in the server.",
  input_audio_buffer_full: "That was too long to take in at once.",
};

/** Addresses, paths and settings are written as they are. */
const literal = /^\S*[./\\_=]\w/;

/** "kokoro: no such voice" → "Kokoro: no such voice." */
export function toSentence(message: string): string {
  const trimmed = message.trim();
  if (trimmed === "") return "";
  const isFinished = /[.!?…]$/.test(trimmed);
  const first = literal.test(trimmed) ? trimmed.charAt(0) : trimmed.charAt(0).toUpperCase();
  return `${first}${trimmed.slice(1)}${isFinished ? "" : "."}`;
}

export function explainFault(fault: WireFault | undefined | null): string {
  const lead = leads[fault?.code ?? ""];
  const message = toSentence(fault?.message ?? "");
  if (lead === undefined) return message === "" ? "Something went wrong. Try again." : message;
  return message === "" ? lead : `${lead} ${message}`;
}

export function explainResponseFailure(response: WireResponse): string {
  const fault = response.status_details?.error;
  if (!fault) return "The answer broke off. Ask again.";
  // An engine that died is back in a moment; one that has too much to do, too.
  if (fault.code === "E_BUSY") {
    return `The answer broke off. ${toSentence(fault.message ?? "")} Ask once more in a moment.`;
  }
  return explainFault(fault);
}

export interface SocketEnd {
  code: number;
  /** The server's own word: `idle`, `expired`, `spent`, `replaced`, `stuck`, `shutdown`, `failed`. */
  reason: string;
}

/** True when the conversation goes on by itself as soon as the server is there again. */
export function isWorthRetrying({ code, reason }: SocketEnd): boolean {
  return reason === "shutdown" || ![1000, 1008, 1011].includes(code);
}

export function explainEnd({ reason }: SocketEnd): string {
  switch (reason) {
    case "idle":
      return "Nobody said anything for a while, so the line was closed.";
    case "expired":
      return "This conversation has reached its longest time.";
    case "spent":
      return "This conversation has used all the words that it may.";
    case "replaced":
      return "This conversation goes on elsewhere.";
    case "stuck":
      return "The connection could not keep up, so the line was closed.";
    case "failed":
      return "Something broke in the server, and this conversation ended. Its log says what.";
    default:
      return "The conversation ended.";
  }
}
