// The SQLite file of kept conversations: its tables, who may read it, and what its failures mean.
import { Database } from "bun:sqlite";
import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { AppError, fromFileSystemError } from "../base/errors.ts";

const layout = `
  CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, character TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, memory TEXT
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS items (
    conversation TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
    position INTEGER NOT NULL, id TEXT NOT NULL, created_at INTEGER NOT NULL, item TEXT NOT NULL,
    PRIMARY KEY (conversation, position)
  ) WITHOUT ROWID;
  PRAGMA user_version = 1;`;

/** E_PERM, E_DISK, and E_SCHEMA for a file that is something else, or of a newer version. */
export function openConversationFile(file: string): Database {
  let database: Database | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    // What people say is nobody else's business on this machine; SQLite's other files take this one's mode.
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
    database = new Database(file, { strict: true });
    database.run("PRAGMA busy_timeout = 2000");
    database.run("PRAGMA journal_mode = WAL");
    // No word of it is lost with the process; with the power may be the last moments, where waiting for the disk at each
    // write would hold up the sound of everybody.
    database.run("PRAGMA synchronous = NORMAL");
    database.run("PRAGMA foreign_keys = ON");
    const version = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version;
    if (version !== undefined && version > 1) {
      throw new AppError("E_SCHEMA", `${file} was written by a newer version of this program`, {
        path: file,
      });
    }
    database.run(layout);
    // Waiting for another process holds up everybody as well, and what could not be written is tried again.
    database.run("PRAGMA busy_timeout = 100");
    return database;
  } catch (error) {
    database?.close();
    throw translateSqliteError(error, file);
  }
}

/** SQLite's failures that have a known cure, with their code; anything else as it is. */
export function translateSqliteError(error: unknown, file: string): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  switch (typeof code === "string" ? code.split("_").slice(0, 2).join("_") : undefined) {
    case "SQLITE_FULL":
    case "SQLITE_IOERR":
      return new AppError(
        "E_DISK",
        `${file} cannot be written: the disk is full or broken`,
        { path: file },
        error,
      );
    case "SQLITE_NOTADB":
    case "SQLITE_CORRUPT":
      return new AppError(
        "E_SCHEMA",
        `${file} is no conversation file, or a damaged one; move it away, or name another with conversations.file`,
        { path: file },
        error,
      );
    case "SQLITE_BUSY":
    case "SQLITE_LOCKED":
      return new AppError("E_BUSY", `${file} is in use by another process`, { path: file }, error);
    case "SQLITE_READONLY":
    case "SQLITE_CANTOPEN":
      return new AppError("E_PERM", `${file} cannot be written; check owner and mode`, { path: file }, error);
    default:
      return fromFileSystemError(error, file);
  }
}
