// Reads a session's server events in order and says what breaks the rules: those of a voice session (shared by tests with
// stand-in engines and with real ones) and those that OpenAI's GA clients rely on.

export interface ServerEvent {
  type: string;
  event_id: string;
  // Events come from the wire; what is read of them is checked where it is read.
  [field: string]: unknown;
}

export interface InvariantChecker {
  /** Takes the next event. */
  push(event: ServerEvent): void;
  /** `isCut`: the connection was lost, so what was begun need not have ended. Gives every breach, in order. */
  finish(options?: { isCut?: boolean }): string[];
  readonly breaches: readonly string[];
  /** Ids of the conversation's items, in their order. */
  readonly order: readonly string[];
}

interface OpenPart {
  kind: "audio" | "text";
  text: string;
  audioBytes: number;
  isTextDone: boolean;
  isAudioDone: boolean;
}

interface OpenItem {
  id: string;
  type: string;
  outputIndex: number;
  parts: Map<number, OpenPart>;
  arguments: string;
  areArgumentsDone: boolean;
  isDone: boolean;
}

interface OpenResponse {
  id: string;
  isDetached: boolean;
  items: Map<string, OpenItem>;
}

type Fields = Record<string, unknown>;
const fieldsOf = (value: unknown): Fields => (value ?? {}) as Fields;

/** Bytes a millisecond of a wire format. */
const bytesPerMs = (format: unknown): number => (fieldsOf(format)["type"] === "audio/pcm" ? 48 : 8);

export function createInvariantChecker(): InvariantChecker {
  const breaches: string[] = [];
  const eventIds = new Set<string>();
  const responseIds = new Set<string>();
  const items = new Map<string, { isDone: boolean; role: unknown; type: unknown }>();
  const sentMs = new Map<string, number>();
  const transcripts = new Map<string, "open" | "done">();
  const committed = new Set<string>();
  let order: string[] = [];
  let response: OpenResponse | undefined;
  let openTurn: { itemId: string; interrupted: string | undefined } | undefined;
  let lastStopped: string | undefined;
  let expectsItem: string | undefined;
  let expectsLimits = false;
  let format: unknown;
  let session: Fields = {};
  let count = 0;
  let last: ServerEvent | undefined;

  const breach = (event: ServerEvent | undefined, message: string): void => {
    breaches.push(`#${count} ${event?.type ?? "end"}: ${message}`);
  };

  const insert = (event: ServerEvent, id: string): void => {
    const previous = event["previous_item_id"];
    if (previous === null || previous === undefined) order = [id, ...order];
    else if (typeof previous === "string" && order.includes(previous)) {
      order = order.toSpliced(order.indexOf(previous) + 1, 0, id);
    } else breach(event, `previous_item_id ${JSON.stringify(previous)} is not in the conversation`);
  };

  const ofResponse = (event: ServerEvent): OpenResponse | undefined => {
    if (response && event["response_id"] === response.id) return response;
    breach(event, `belongs to ${String(event["response_id"])}, which is not under way`);
    return undefined;
  };
  const ofItem = (event: ServerEvent): OpenItem | undefined => {
    const item = ofResponse(event)?.items.get(String(event["item_id"]));
    if (!item || item.isDone) breach(event, `the output item ${String(event["item_id"])} is not open`);
    else if (item.outputIndex !== event["output_index"])
      breach(event, "another output_index than its item's");
    return item?.isDone === true ? undefined : item;
  };
  const ofPart = (event: ServerEvent): OpenPart | undefined => {
    const part = ofItem(event)?.parts.get(Number(event["content_index"]));
    if (!part) breach(event, "no such part is open");
    return part;
  };

  const take = (event: ServerEvent): void => {
    const item = fieldsOf(event["item"]);
    const itemId = String(event["item_id"] ?? item["id"]);
    switch (event.type) {
      case "session.created":
        if (count !== 1) breach(event, "is not the first event");
        session = fieldsOf(event["session"]);
        return;
      case "session.updated":
        session = fieldsOf(event["session"]);
        return;
      case "error": {
        const error = fieldsOf(event["error"]);
        for (const key of ["type", "code", "message"]) {
          if (typeof error[key] !== "string" || error[key] === "") breach(event, `no ${key}`);
        }
        return;
      }
      case "input_audio_buffer.speech_started":
        if (openTurn) breach(event, `the turn ${openTurn.itemId} is still open`);
        if (items.has(itemId)) breach(event, `${itemId} is an item already`);
        openTurn = { itemId, interrupted: isInterrupting(session) ? response?.id : undefined };
        return;
      case "input_audio_buffer.speech_stopped":
        if (openTurn?.itemId !== itemId) breach(event, `${itemId} is not the open turn`);
        lastStopped = itemId;
        if (openTurn?.interrupted !== undefined && response?.id === openTurn.interrupted) {
          breach(event, `${openTurn.interrupted} was not cancelled when the turn opened`);
        }
        openTurn = undefined;
        return;
      case "input_audio_buffer.committed":
        if (openTurn) breach(event, "a turn is still open");
        if (committed.has(itemId)) breach(event, `${itemId} was committed before`);
        if (lastStopped !== undefined && lastStopped !== itemId && !items.has(lastStopped)) {
          // A turn that stopped may have been cleared; then its id never comes back.
          lastStopped = undefined;
        }
        committed.add(itemId);
        expectsItem = itemId;
        return;
      case "conversation.item.added":
        if (items.has(itemId)) breach(event, `${itemId} was added before`);
        if (expectsItem !== undefined && expectsItem !== itemId) {
          breach(event, `after the commit of ${expectsItem} its item must come`);
        }
        expectsItem = undefined;
        insert(event, itemId);
        items.set(itemId, { isDone: false, role: item["role"], type: item["type"] });
        return;
      case "conversation.item.done": {
        const known = items.get(itemId);
        if (!known || known.isDone) breach(event, `${itemId} is not open`);
        items.set(itemId, { isDone: true, role: item["role"], type: item["type"] });
        return;
      }
      case "conversation.item.deleted":
        if (!order.includes(itemId)) breach(event, `${itemId} is not in the conversation`);
        order = order.filter((id) => id !== itemId);
        // Its id may be used again.
        items.delete(itemId);
        transcripts.delete(itemId);
        sentMs.delete(itemId);
        return;
      case "conversation.item.retrieved":
        if (!items.has(itemId)) breach(event, `${itemId} was never added`);
        return;
      case "conversation.item.truncated": {
        const sent = sentMs.get(itemId) ?? 0;
        if (Number(event["audio_end_ms"]) > Math.ceil(sent))
          breach(event, `beyond the ${sent} ms that were sent`);
        return;
      }
      case "conversation.item.input_audio_transcription.delta":
      case "conversation.item.input_audio_transcription.completed":
      case "conversation.item.input_audio_transcription.failed": {
        if (transcripts.get(itemId) === "done") breach(event, `${itemId} had its transcript`);
        const isDelta = event.type.endsWith("delta");
        if (!isDelta && items.get(itemId)?.isDone !== true) breach(event, `${itemId} is no finished item`);
        transcripts.set(itemId, isDelta ? "open" : "done");
        return;
      }
      case "response.created": {
        const made = fieldsOf(event["response"]);
        const id = String(made["id"]);
        if (response) breach(event, `${response.id} is still under way`);
        if (responseIds.has(id)) breach(event, `${id} was created before`);
        if (made["status"] !== "in_progress") breach(event, "is not in progress");
        responseIds.add(id);
        response = { id, isDetached: made["conversation_id"] === null, items: new Map() };
        format = fieldsOf(fieldsOf(made["audio"])["output"])["format"];
        return;
      }
      case "response.output_item.added": {
        const own = ofResponse(event);
        if (!own) return;
        if (event["output_index"] !== own.items.size) breach(event, "output_index is not the next one");
        own.items.set(itemId, {
          id: itemId,
          type: String(item["type"]),
          outputIndex: Number(event["output_index"]),
          parts: new Map(),
          arguments: "",
          areArgumentsDone: false,
          isDone: false,
        });
        return;
      }
      case "response.content_part.added": {
        const own = ofItem(event);
        const kind = fieldsOf(event["part"])["type"];
        if (kind !== "audio" && kind !== "text") breach(event, `no such kind of part: ${String(kind)}`);
        own?.parts.set(Number(event["content_index"]), {
          kind: kind === "audio" ? "audio" : "text",
          text: "",
          audioBytes: 0,
          isTextDone: false,
          isAudioDone: false,
        });
        return;
      }
      case "response.output_text.delta":
      case "response.output_audio_transcript.delta": {
        const part = ofPart(event);
        if (!part) return;
        if (part.isTextDone) breach(event, "after its done");
        part.text += String(event["delta"]);
        return;
      }
      case "response.output_audio.delta": {
        const part = ofPart(event);
        if (!part) return;
        if (part.isAudioDone || part.kind !== "audio") breach(event, "its audio is not open");
        const bytes = Uint8Array.fromBase64(String(event["delta"])).length;
        if (bytes === 0) breach(event, "is empty");
        part.audioBytes += bytes;
        sentMs.set(itemId, part.audioBytes / bytesPerMs(format));
        return;
      }
      case "response.output_audio.done": {
        const part = ofPart(event);
        if (!part) return;
        if (part.isAudioDone) breach(event, "twice");
        part.isAudioDone = true;
        return;
      }
      case "response.output_text.done":
      case "response.output_audio_transcript.done": {
        const part = ofPart(event);
        if (!part) return;
        const text = event["text"] ?? event["transcript"];
        if (part.isTextDone) breach(event, "twice");
        if (text !== part.text)
          breach(event, `says ${JSON.stringify(text)}, the deltas ${JSON.stringify(part.text)}`);
        part.isTextDone = true;
        return;
      }
      case "response.content_part.done": {
        const part = ofPart(event);
        if (!part) return;
        if (!part.isTextDone) breach(event, "before its text is done");
        if (part.kind === "audio" && !part.isAudioDone) breach(event, "before its audio is done");
        ofItem(event)?.parts.delete(Number(event["content_index"]));
        return;
      }
      case "response.function_call_arguments.delta": {
        const own = ofItem(event);
        if (own) own.arguments += String(event["delta"]);
        return;
      }
      case "response.function_call_arguments.done": {
        const own = ofItem(event);
        if (!own) return;
        if (own.arguments !== event["arguments"]) breach(event, "differs from its deltas");
        own.areArgumentsDone = true;
        return;
      }
      case "response.output_item.done": {
        const own = ofResponse(event)?.items.get(itemId);
        if (!own || own.isDone) {
          breach(event, `${itemId} is not open`);
          return;
        }
        if (own.parts.size > 0) breach(event, "a part of it is still open");
        if (own.type === "function_call" && !own.areArgumentsDone)
          breach(event, "its arguments are not done");
        if (item["status"] === "in_progress") breach(event, "is still in progress");
        if (response?.isDetached !== true && items.get(itemId)?.isDone !== true) {
          breach(event, "its conversation.item.done is missing");
        }
        own.isDone = true;
        return;
      }
      case "response.done": {
        const done = fieldsOf(event["response"]);
        if (!response || done["id"] !== response.id) {
          breach(event, `${String(done["id"])} is not under way`);
          return;
        }
        for (const own of response.items.values()) if (!own.isDone) breach(event, `${own.id} is not done`);
        const output = (done["output"] as Fields[] | undefined) ?? [];
        const shown = output.map(({ id }) => id).join();
        if (shown !== [...response.items.keys()].join()) breach(event, "lists another output than was sent");
        checkEnding(event, done);
        response = undefined;
        expectsLimits = true;
        return;
      }
      case "input_audio_buffer.cleared":
        if (openTurn) breach(event, "a turn is still open");
        return;
      case "rate_limits.updated":
        if (last?.type !== "response.done") breach(event, "does not follow a response.done");
        expectsLimits = false;
        return;
      case "input_audio_buffer.timeout_triggered":
        return;
      default:
        if (!event.type.startsWith("troupe.")) breach(event, "is no event that clients know");
    }
  };

  const checkEnding = (event: ServerEvent, done: Fields): void => {
    const details = fieldsOf(done["status_details"]);
    const reasons: Record<string, readonly unknown[]> = {
      cancelled: ["turn_detected", "client_cancelled"],
      incomplete: ["max_output_tokens", "content_filter"],
    };
    switch (done["status"]) {
      case "completed":
        return;
      case "failed":
        if (typeof fieldsOf(details["error"])["message"] !== "string")
          breach(event, "failed without a reason");
        return;
      case "cancelled":
      case "incomplete":
        if (!reasons[done["status"]]?.includes(details["reason"])) breach(event, "ended without a reason");
        return;
      default:
        breach(event, `is no ending: ${String(done["status"])}`);
    }
  };

  return {
    push(event) {
      count++;
      if (typeof event.event_id !== "string" || eventIds.has(event.event_id))
        breach(event, "its event_id is not new");
      eventIds.add(event.event_id);
      if (expectsLimits && event.type !== "rate_limits.updated") {
        breach(event, "comes between response.done and rate_limits.updated");
        expectsLimits = false;
      }
      take(event);
      last = event;
    },
    finish({ isCut = false } = {}) {
      if (!isCut) {
        if (response) breach(undefined, `${response.id} has no end`);
        for (const [id, { isDone }] of items)
          if (!isDone) breach(undefined, `${id} was added and never done`);
        if (expectsItem !== undefined) breach(undefined, `${expectsItem} was committed and never added`);
      }
      return breaches;
    },
    breaches,
    get order() {
      return order;
    },
  };
}

function isInterrupting(session: Fields): boolean {
  const input = fieldsOf(fieldsOf(session["audio"])["input"]);
  return fieldsOf(input["turn_detection"])["interrupt_response"] === true;
}
