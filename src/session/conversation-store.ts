// Conversations that outlive their sessions, in one SQLite file: each item as it stands, cut to what was heard.
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { openConversationFile, translateSqliteError } from "./conversation-file.ts";
import { type Item, itemSchema, messageText } from "./items.ts";
import { type Memory, memorySchema } from "./memory.ts";

export interface ConversationSummary {
  id: string;
  /** Who spoke last. */
  character: string;
  /** Unix seconds */
  createdAt: number;
  updatedAt: number;
  itemCount: number;
  /** What was said last, whoever said it, in one line and shortened; null when nothing was. */
  lastWords: string | null;
}

export interface StoredConversation extends ConversationSummary {
  /** What the reply model remembers of the oldest items. */
  summary: string | null;
  items: readonly { item: Item; createdAt: number }[];
}

/** A kept conversation in the hands of one session. */
export interface ConversationThread {
  readonly id: string;
  /** As it was found. */
  readonly items: readonly Item[];
  readonly memory: Memory | null;
  /** Writes what has changed, a moment later; costs nothing when nothing has. */
  keep(now: ConversationState): void;
  /** Writes what is still to be written, and lets go of it. */
  finish(): void;
}

export interface ConversationState {
  items: readonly Item[];
  memory: Memory | null;
  cast: { character: { name: string } };
}

export interface ConversationStore extends Disposable {
  /**
   * Takes a conversation up, or begins one. Whoever has it is told by their `onTaken`, in time to write its last words.
   * E_ARGS for an id that is none, E_SCHEMA for a conversation that cannot be read. All: E_BUSY, E_DISK.
   */
  open(id: string, options: { onTaken: () => void }): ConversationThread;
  /** Last one first. */
  list(): ConversationSummary[];
  /** E_NOT_FOUND */
  read(id: string): StoredConversation;
  /** E_NOT_FOUND; E_BUSY while a session has it. */
  remove(id: string): void;
}

export interface ConversationStoreDependencies {
  clock: Clock;
  /** Something could not be written; it is tried again at the next change, and at the end. */
  onTrouble: (error: unknown) => void;
}

/** A burst of changes, as at the end of a turn, is one write. */
const writeDelayMs = 200;
/** Of a very long conversation so much is taken up again; the export has all of it. */
const maxResumedItems = 500;
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** E_PERM, E_DISK, and E_SCHEMA for a file that is something else. */
export function openConversationStore(
  deps: ConversationStoreDependencies,
  { file }: { file: string },
): ConversationStore {
  const { clock } = deps;
  const database = openConversationFile(file);
  const holders = new Map<string, { giveUp(): void }>();
  const nowSeconds = (): number => Math.floor(clock.wallTime().getTime() / 1000);

  const upsertConversation = database.query<unknown, [string, string, number, string | null]>(
    `INSERT INTO conversations VALUES (?1, ?2, ?3, ?3, ?4)
     ON CONFLICT (id) DO UPDATE SET character = ?2, updated_at = ?3, memory = ?4`,
  );
  const upsertItem = database.query<unknown, [string, number, string, number, string]>(
    `INSERT INTO items VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (conversation, position) DO UPDATE SET id = ?3, created_at = ?4, item = ?5`,
  );
  const dropItems = database.query<unknown, [string, number]>(
    "DELETE FROM items WHERE conversation = ?1 AND position >= ?2",
  );
  const listRows = database.query<ConversationRow, []>(
    `SELECT id, character, created_at, updated_at, memory,
       (SELECT count(*) FROM items WHERE conversation = c.id) AS item_count
     FROM conversations c ORDER BY updated_at DESC, id`,
  );
  const findRow = database.query<ConversationRow, [string]>(
    `SELECT id, character, created_at, updated_at, memory,
       (SELECT count(*) FROM items WHERE conversation = c.id) AS item_count
     FROM conversations c WHERE id = ?1`,
  );
  const readItems = database.query<ItemRow, [string, number]>(
    "SELECT position, created_at, item FROM items WHERE conversation = ?1 AND position >= ?2 ORDER BY position",
  );
  const readLastMessages = database.query<ItemRow, [string]>(
    `SELECT position, created_at, item FROM items
     WHERE conversation = ?1 AND CASE WHEN json_valid(item) THEN json_extract(item, '$.type') = 'message' END
     ORDER BY position DESC LIMIT 4`,
  );
  const deleteRow = database.query<unknown, [string]>("DELETE FROM conversations WHERE id = ?1");

  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw translateSqliteError(error, file);
    }
  };

  const find = (id: string): ConversationRow => {
    const row = findRow.get(id);
    if (row) return row;
    throw new AppError("E_NOT_FOUND", `there is no conversation ${id}`, { conversation: id });
  };

  const open: ConversationStore["open"] = (id, { onTaken }) => {
    if (!idPattern.test(id)) {
      throw new AppError(
        "E_ARGS",
        "a conversation's id is 1 to 128 letters, digits, dots, dashes and underscores",
        { conversation: id },
      );
    }
    holders.get(id)?.giveUp();
    const row = findRow.get(id);
    /** Positions before it are not taken up again. */
    const first = Math.max(0, (row?.item_count ?? 0) - maxResumedItems);
    const found = readItems.all(id, first).map((each) => readItem(each, file));
    const items = found.map(({ item }) => settle(item));
    /** Items change, and move when others before them are deleted; they are as old as they were. */
    const ages = new Map(found.map(({ item, createdAt }) => [item.id, createdAt]));
    const memory =
      typeof row?.memory === "string" ? takeUp(parse(memorySchema, row.memory, file), items) : null;
    let saved: Pick<ConversationState, "items" | "memory"> = { items, memory };
    let isOver = false;
    /** Not written yet, or what could not be. */
    let latest: ConversationState | undefined;
    let timer: Disposable | undefined;

    const write = database.transaction((now: ConversationState) => {
      const seconds = nowSeconds();
      const memoryText = now.memory && JSON.stringify(now.memory);
      upsertConversation.run(id, now.cast.character.name, seconds, memoryText);
      for (const [index, item] of now.items.entries()) {
        if (saved.items[index] === item) continue;
        const createdAt = ages.get(item.id) ?? seconds;
        ages.set(item.id, createdAt);
        upsertItem.run(id, first + index, item.id, createdAt, JSON.stringify(item));
      }
      if (now.items.length < saved.items.length) dropItems.run(id, first + now.items.length);
    });
    const flush = (): void => {
      timer?.[Symbol.dispose]();
      timer = undefined;
      if (!latest) return;
      try {
        write(latest);
        saved = latest;
        latest = undefined;
      } catch (error) {
        deps.onTrouble(translateSqliteError(error, file));
      }
    };

    const holder = {
      giveUp(): void {
        onTaken();
        thread.finish();
      },
    };
    const thread: ConversationThread = {
      id,
      items,
      memory,
      keep(now) {
        const known = latest ?? saved;
        if (isOver || (now.items === known.items && now.memory === known.memory)) return;
        latest = now;
        timer ??= clock.schedule(flush, writeDelayMs);
      },
      finish() {
        if (isOver) return;
        isOver = true;
        flush();
        if (holders.get(id) === holder) holders.delete(id);
      },
    };
    holders.set(id, holder);
    return thread;
  };

  const read: ConversationStore["read"] = (id) => {
    const row = find(id);
    return {
      ...summarize(row, readLastMessages.all(id)),
      summary: row.memory === null ? null : parse(memorySchema, row.memory, file).summary,
      items: readItems.all(id, 0).map((each) => {
        const { item, createdAt } = readItem(each, file);
        return { item: holders.has(id) ? item : settle(item), createdAt };
      }),
    };
  };
  const remove = (id: string): void => {
    find(id);
    if (holders.has(id)) {
      throw new AppError("E_BUSY", `the conversation ${id} is going on; end its session first`, {
        conversation: id,
      });
    }
    deleteRow.run(id);
  };

  return {
    open: (id, options) => attempt(() => open(id, options)),
    list: () => attempt(() => listRows.all().map((row) => summarize(row, readLastMessages.all(row.id)))),
    read: (id) => attempt(() => read(id)),
    remove: (id) => attempt(() => remove(id)),
    [Symbol.dispose]: () => database.close(),
  };
}

interface ConversationRow {
  id: string;
  character: string;
  created_at: number;
  updated_at: number;
  memory: string | null;
  item_count: number;
}

interface ItemRow {
  position: number;
  created_at: number;
  item: string;
}

const summarize = (row: ConversationRow, lastMessages: readonly ItemRow[]): ConversationSummary => ({
  id: row.id,
  character: row.character,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  itemCount: row.item_count,
  lastWords: findWords(lastMessages),
});

const lastWordsLength = 120;

/** Of the first that has any. One that cannot be read is no reason to list nothing. */
function findWords(messages: readonly ItemRow[]): string | null {
  for (const { item } of messages) {
    const { data } = itemSchema.safeParse(JSON.parse(item));
    const words = data?.type === "message" ? messageText(data).replace(/\s+/g, " ").trim() : "";
    if (words === "") continue;
    const letters = [...words];
    return letters.length <= lastWordsLength
      ? words
      : `${letters.slice(0, lastWordsLength).join("").trimEnd()}…`;
  }
  return null;
}

const readItem = ({ item, created_at }: ItemRow, file: string): { item: Item; createdAt: number } => ({
  item: parse(itemSchema, item, file),
  createdAt: created_at,
});

/** Of what is not taken up again nothing need be known: a new summary may not name what is not there. */
function takeUp(memory: Memory, items: readonly Item[]): Memory {
  const here = new Set(items.map(({ id }) => id));
  return { ...memory, itemIds: memory.itemIds.filter((id) => here.has(id)) };
}

/** What its writer could not finish stays unfinished. */
function settle(item: Item): Item {
  return item.status === "in-progress" ? { ...item, status: "incomplete" } : item;
}

function parse<T>(schema: { parse(value: unknown): T }, text: string, file: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new AppError(
      "E_SCHEMA",
      `${file} holds something that is no part of a conversation`,
      { path: file },
      error,
    );
  }
}
