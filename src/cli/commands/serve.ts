// `troupe serve`: the server, until it is told to stop.
import type { Command } from "commander";
import { AppError } from "../../base/errors.ts";
import { charactersOption, type Run } from "../command-context.ts";

interface ServeFlags {
  host?: string;
  port?: string;
  tlsCert?: string;
  tlsKey?: string;
  tlsPort?: string;
  insecure?: boolean;
  open?: boolean;
}

export function registerServe(program: Command, run: Run): void {
  program
    .command("serve")
    .description("start the server and the page")
    .option("--host <address>", "address to listen on (default 127.0.0.1)")
    .option("--port <port>", "port, 0 picks a free one (default 3000)")
    .addOption(charactersOption())
    .option("--tls-cert <file>", "certificate (PEM): serve https and wss")
    .option("--tls-key <file>", "its key (PEM)")
    .option("--tls-port <port>", "serve https and wss there, and http on --port")
    .option("--insecure", "listen beyond loopback without any key")
    .option("--open", "open the page in the browser")
    .addHelpText("after", "\nExample:\n  troupe serve --port 8080 --characters ./cast")
    .action(async (flags: ServeFlags, command: Command) => {
      const overrides = {
        ...(flags.host !== undefined && { "server.host": flags.host }),
        ...(flags.port !== undefined && { "server.port": flags.port }),
        ...(flags.tlsCert !== undefined && { "server.tls_cert": flags.tlsCert }),
        ...(flags.tlsKey !== undefined && { "server.tls_key": flags.tlsKey }),
        ...(flags.tlsPort !== undefined && { "server.tls_port": flags.tlsPort }),
        ...(flags.insecure === true && { "server.insecure": true }),
      };
      await run(
        command,
        async ({ app, output, signal }) => {
          await using server = await app.serve();
          const { url, tlsUrl } = server;
          const said = `listening on ${tlsUrl === undefined ? url : `${url} and ${tlsUrl}`}`;
          output.result({ url, ...(tlsUrl !== undefined && { tls_url: tlsUrl }) }, said, said);
          if (flags.open === true) openBrowser(server.url);
          await new Promise<void>((resolve) => {
            if (signal.aborted) resolve();
            signal.addEventListener("abort", () => resolve(), { once: true });
          });
          output.note("stopping; running answers may end");
          await server.drain();
        },
        { overrides, logs: true, isLasting: true },
      );
    });
}

function openBrowser(url: string): void {
  const openers: Record<string, readonly string[]> = {
    darwin: ["open"],
    win32: ["cmd", "/c", "start"],
    linux: ["xdg-open"],
  };
  const [opener, ...args] = openers[process.platform] ?? [];
  if (opener === undefined || Bun.which(opener) === null) {
    throw new AppError("E_COMPAT", `no program found that opens a browser; visit ${url}`);
  }
  Bun.spawn([opener, ...args, url], { stdio: ["ignore", "ignore", "ignore"] }).unref();
}
