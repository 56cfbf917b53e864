// The conversation as clients of unmute are shown it: who said what, in the words that were heard.
import type { SessionOutput } from "../../session/events.ts";
import { heardText, type SpokenWord } from "../../session/heard-words.ts";
import { partText } from "../../session/items.ts";

export interface ChatLine {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface UnmuteChat {
  note(output: SessionOutput): void;
  /** The system prompt first. */
  lines(): ChatLine[];
}

/** Their sign of a speaker who was cut short. */
const cutMark = "—";
/** What a client is sent again and again must not grow for ever. */
const maxMessages = 200;

interface Message {
  id: string;
  role: ChatLine["role"];
  text: string;
  words: SpokenWord[];
  /** Where it was cut short, in its sound. */
  heardMs: number | null;
  /** Somebody spoke before it was over, also where all that had been sent was heard by then. */
  isCut: boolean;
}

export function createUnmuteChat(): UnmuteChat {
  let prompt = "";
  const messages: Message[] = [];

  const find = (id: string): Message | undefined => messages.findLast((message) => message.id === id);
  const add = (id: string, role: ChatLine["role"], text: string): Message => {
    const message = { id, role, text, words: [], heardMs: null, isCut: false };
    messages.push(message);
    if (messages.length > maxMessages) messages.shift();
    return message;
  };

  return {
    note(output) {
      switch (output.type) {
        case "session-created":
        case "session-updated":
          prompt = output.session.config.instructions ?? output.session.cast.prompt;
          return;
        case "item-added": {
          const { item } = output;
          if (item.type !== "message") return;
          add(item.id, item.role, item.parts.map(partText).join(""));
          return;
        }
        case "transcript-done": {
          const message = find(output.itemId);
          if (message) message.text = output.transcript;
          return;
        }
        case "words":
          find(output.itemId)?.words.push(...output.words);
          return;
        case "text-delta": {
          const message = find(output.itemId);
          if (message) message.text += output.delta;
          return;
        }
        case "item-truncated": {
          const message = find(output.itemId);
          if (!message) return;
          message.heardMs = output.audioEndMs;
          message.isCut = true;
          return;
        }
        case "response-done": {
          const { cancelReason } = output.response;
          if (cancelReason !== "turn-detected") return;
          for (const { id } of output.response.output) {
            const message = find(id);
            if (message) message.isCut = true;
          }
          return;
        }
        default:
          return;
      }
    },
    lines() {
      const said = messages.map(({ role, text, words, heardMs, isCut }): ChatLine => {
        const spoken = text + heardText(words, heardMs ?? Number.POSITIVE_INFINITY);
        return { role, content: isCut ? `${spoken.trim()}${cutMark}` : spoken.trim() };
      });
      return [{ role: "system", content: prompt }, ...said.filter(({ content }) => content !== "")];
    },
  };
}
