// A scripted web server on loopback for whatever fetches files: ranges, validators, redirects to another origin, and
// every way of going wrong, byte by byte. It speaks HTTP/1.1 on bare sockets, since a well-behaved server library
// cannot be made to break off or to announce a wrong length.
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";

export interface ServedFile {
  content: Uint8Array;
  /** With its quotes; default a strong one of the content; null for none. */
  etag?: string | null;
  lastModified?: string;
  /** Default true. */
  hasRanges?: boolean;
  /** Answers a range whatever If-Range says. */
  ignoresConditions?: boolean;
  /** No Content-Length. */
  isChunked?: boolean;
  headers?: Record<string, string>;
}

/** What happens to one request, instead of or on top of the ordinary answer. */
export type Fault =
  | { kind: "status"; status: number; headers?: Record<string, string>; body?: string }
  | { kind: "redirect"; to: string; status?: number; headers?: Record<string, string> }
  /** Nothing at all, not even headers, until the client goes. */
  | { kind: "silence" }
  /** The body stops after so many bytes: and stays open, ends the connection, or resets it, once `until` resolves. */
  | { kind: "stall" | "truncate" | "reset"; afterBytes: number; until?: Promise<void> }
  /** Other bytes, this once. */
  | { kind: "content"; content: Uint8Array }
  /** A whole body of fewer bytes than its Content-Range claims. */
  | { kind: "short"; bytes: number }
  /** 200 with everything, whatever range was asked for. */
  | { kind: "whole" }
  /** Holds the answer back until the promise resolves. */
  | { kind: "hold"; until: Promise<void> };

export interface LoggedRequest {
  origin: "main" | "other";
  method: string;
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string>>;
  /** Of a POST; "" else. */
  body: string;
  status: number;
  sentBytes: number;
}

export type Responder = (request: LoggedRequest) => ServedFile | Fault | null;

export interface AssetServer extends AsyncDisposable {
  /** http://127.0.0.1:port */
  readonly origin: string;
  /** The same files behind another port: another origin. */
  readonly otherOrigin: string;
  readonly requests: readonly LoggedRequest[];
  /** Of all bodies. */
  readonly sentBytes: number;
  /** Most answers that were under way at the same time; one is over when its last bytes are about to leave. */
  readonly peakConcurrency: number;
  /** Bodies go out at this pace when set. */
  bytesPerSecond: number | null;
  /** Serves `content` at `path`; returns its url. */
  serve(path: string, file: ServedFile | Uint8Array): string;
  /** Paths that no file has are asked here, in order of registration. */
  respond(responder: Responder): void;
  /** The next requests for `path` (without query) meet these, one each, and then the ordinary answer. */
  fail(path: string, ...faults: Fault[]): void;
  /** Every request for `path` meets it. */
  failAlways(path: string, fault: Fault): void;
  /** Settles when the log has a request that fits, past or future. */
  waitForRequest(accept: (request: LoggedRequest) => boolean): Promise<LoggedRequest>;
}

const throttledChunkBytes = 8 << 10;
const chunkBytes = 64 << 10;

export async function createAssetServer(): Promise<AssetServer> {
  const files = new Map<string, ServedFile>();
  const faults = new Map<string, Fault[]>();
  const constantFaults = new Map<string, Fault>();
  const responders: Responder[] = [];
  const requests: LoggedRequest[] = [];
  const sockets = new Set<Socket>();
  const waiters = new Set<() => void>();
  const underWay = new Set<LoggedRequest>();
  let peakConcurrency = 0;
  let bytesPerSecond: number | null = null;

  const answer = async (socket: Socket, request: LoggedRequest): Promise<void> => {
    const path = request.path.split("?")[0] ?? "";
    const fault = faults.get(path)?.shift() ?? constantFaults.get(path);
    let answered: ServedFile | Fault | null = files.get(path) ?? null;
    for (const responder of responders) answered ??= responder(request);
    if (fault?.kind === "hold") await fault.until;
    const special = fault ?? (answered && "kind" in answered ? answered : undefined);
    const file = answered && "content" in answered && !("kind" in answered) ? answered : null;
    switch (special?.kind) {
      case "silence":
        return;
      case "status":
        return send(socket, request, special.status, special.headers ?? {}, encode(special.body ?? ""));
      case "redirect":
        return send(
          socket,
          request,
          special.status ?? 302,
          { ...special.headers, location: special.to },
          encode(""),
        );
      default:
    }
    if (!file) return send(socket, request, 404, {}, encode("not here"));
    const served = special?.kind === "content" ? { ...file, content: special.content } : file;
    await sendFile(socket, request, served, special);
  };

  const sendFile = async (
    socket: Socket,
    request: LoggedRequest,
    file: ServedFile,
    fault: Fault | undefined,
  ): Promise<void> => {
    const total = file.content.length;
    const etag = file.etag === undefined ? `"${Bun.hash(file.content).toString(16)}"` : file.etag;
    const hasRanges = file.hasRanges ?? true;
    const headers: Record<string, string> = {
      ...(hasRanges ? { "accept-ranges": "bytes" } : {}),
      ...(etag === null ? {} : { etag }),
      ...(file.lastModified === undefined ? {} : { "last-modified": file.lastModified }),
      ...file.headers,
    };
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers["range"] ?? "");
    const condition = request.headers["if-range"];
    const isCurrent =
      file.ignoresConditions === true ||
      condition === undefined ||
      condition === etag ||
      condition === file.lastModified;
    if (!range || !hasRanges || !isCurrent || fault?.kind === "whole") {
      return send(socket, request, 200, headers, file.content, fault, file.isChunked);
    }
    const start = Number(range[1]);
    const end = range[2] === "" ? total : Math.min(Number(range[2]) + 1, total);
    if (start >= total) {
      return send(socket, request, 416, { "content-range": `bytes */${total}` }, encode(""));
    }
    const partial = { ...headers, "content-range": `bytes ${start}-${end - 1}/${total}` };
    const length = fault?.kind === "short" ? fault.bytes : end - start;
    await send(socket, request, 206, partial, file.content.subarray(start, start + length), fault);
  };

  const send = async (
    socket: Socket,
    request: LoggedRequest,
    status: number,
    headers: Record<string, string>,
    body: Uint8Array,
    fault?: Fault,
    isChunked = false,
  ): Promise<void> => {
    request.status = status;
    const head = {
      connection: "close",
      ...(isChunked ? { "transfer-encoding": "chunked" } : { "content-length": String(body.length) }),
      ...headers,
    };
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
    const limit = fault && "afterBytes" in fault ? Math.min(fault.afterBytes, body.length) : body.length;
    const isBare = request.method === "HEAD" || body.length === 0;
    if (isBare) underWay.delete(request);
    await write(socket, encode(`HTTP/1.1 ${status} Scripted\r\n${lines.join("")}\r\n`));
    if (request.method === "HEAD") return void socket.end();
    for (let at = 0; at < limit && !socket.destroyed; ) {
      const size = bytesPerSecond === null ? chunkBytes : throttledChunkBytes;
      const chunk = body.subarray(at, Math.min(at + size, limit));
      const pause = async (): Promise<void> => {
        if (bytesPerSecond !== null) await Bun.sleep((chunk.length / bytesPerSecond) * 1000);
      };
      const isLast = at + chunk.length === body.length;
      // The client has all of it at its last bytes: it may be back before this connection is seen to be closed.
      if (isLast) {
        await pause();
        underWay.delete(request);
      }
      if (isChunked) await write(socket, encode(`${chunk.length.toString(16)}\r\n`));
      await write(socket, chunk);
      if (isChunked) await write(socket, encode("\r\n"));
      at += chunk.length;
      request.sentBytes += chunk.length;
      if (!isLast) await pause();
    }
    if (fault?.kind === "stall") return;
    if (fault && "until" in fault && "afterBytes" in fault) await fault.until;
    underWay.delete(request);
    if (fault?.kind === "reset") return void socket.resetAndDestroy();
    if (isChunked && fault?.kind !== "truncate") await write(socket, encode("0\r\n\r\n"));
    socket.end();
  };

  const accept = (origin: LoggedRequest["origin"]) => (socket: Socket) => {
    sockets.add(socket);
    let head = "";
    let current: LoggedRequest | null = null;
    socket.on("error", () => undefined); // clients go as they like
    socket.on("close", () => {
      sockets.delete(socket);
      if (current) underWay.delete(current);
    });
    socket.on("data", (bytes) => {
      head += bytes.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0 || current) return;
      const request = parseRequest(head.slice(0, end), origin);
      request.body = Buffer.from(head.slice(end + 4), "latin1").toString("utf8");
      if (head.length - end - 4 < Number(request.headers["content-length"] ?? 0)) return;
      current = request;
      underWay.add(request);
      peakConcurrency = Math.max(peakConcurrency, underWay.size);
      requests.push(request);
      for (const waiter of waiters) waiter();
      answer(socket, request).catch(() => socket.destroy());
    });
  };

  const listen = async (origin: LoggedRequest["origin"]): Promise<[Server, string]> => {
    const server = createServer(accept(origin));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return [server, `http://127.0.0.1:${(server.address() as { port: number }).port}`];
  };
  const [main, origin] = await listen("main");
  const [other, otherOrigin] = await listen("other");

  return {
    origin,
    otherOrigin,
    requests,
    get sentBytes() {
      return requests.reduce((sum, request) => sum + request.sentBytes, 0);
    },
    get peakConcurrency() {
      return peakConcurrency;
    },
    get bytesPerSecond() {
      return bytesPerSecond;
    },
    set bytesPerSecond(value) {
      bytesPerSecond = value;
    },
    serve(path, file) {
      files.set(path, file instanceof Uint8Array ? { content: file } : file);
      return `${origin}${path}`;
    },
    respond: (responder) => void responders.push(responder),
    fail: (path, ...list) => void faults.set(path, list),
    failAlways: (path, fault) => void constantFaults.set(path, fault),
    waitForRequest(accept) {
      return new Promise((resolve) => {
        const look = (): void => {
          const found = requests.find(accept);
          if (!found) return;
          waiters.delete(look);
          resolve(found);
        };
        waiters.add(look);
        look();
      });
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([main, other].map((server) => new Promise((done) => server.close(done))));
    },
  };
}

function parseRequest(head: string, origin: LoggedRequest["origin"]): LoggedRequest {
  const [first = "", ...lines] = head.split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { origin, method, path, headers, body: "", status: 0, sentBytes: 0 };
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Resolves when the bytes are with the kernel: what is counted as sent has left this process. */
function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(new Error("the client is gone"));
    socket.once("close", resolve);
    socket.write(bytes, (error) => {
      socket.off("close", resolve);
      if (error) reject(error);
      else resolve();
    });
  });
}
