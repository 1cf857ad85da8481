import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";

/** What carries the names of files of the client. */
const TEXT = /^(?:text\/|application\/(?:javascript|json|manifest\+json))/;

/**
 * Stands before a server, and lets its client be that of another build: after each deploy its files have other names, as
 * if all of them had changed, and the server knows nothing of those from before.
 */
export class Deployments {
  #build = 1;
  readonly #missing = new Set<string>();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    /** The names of the files with a hash, as they really are. */
    private readonly names: ReadonlySet<string>,
  ) {
    server.on("request", (asked, answer) => this.#answer(asked, answer));
    server.on("upgrade", (asked: IncomingMessage, socket: Duplex, head: Buffer) => this.#upgrade(asked, socket, head));
  }

  static async start(target: string): Promise<Deployments> {
    const worker = await (await fetch(`${target}/sw.js`)).text();
    const names = [...worker.matchAll(/"\/assets\/([^"]+)"/g)].map(([, name = ""]) => name);
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Deployments(server, new URL(target), new Set(names));
  }

  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}`;
  }

  get build(): string {
    return `.b${this.#build}`;
  }

  /** From now on it is another build; of those files that are named, whoever set it up has forgotten the code. */
  deploy(without?: RegExp): void {
    this.#build += 1;
    this.#missing.clear();
    for (const name of this.names) if (without?.test(name) && name.endsWith(".js")) this.#missing.add(name);
  }

  async stop(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  /** What a file is called now: `Entry-Xy12.js` is `Entry-Xy12.b2.js`. */
  #renamed(text: string): string {
    return text
      .replaceAll(/[\w.-]+\.\w+/g, (name) => (this.names.has(name) ? name.replace(/\.\w+$/, (end) => this.build + end) : name))
      .replaceAll('"revision":"', `"revision":"${this.build}`);
  }

  /** Where the server has what is asked for; what is not of this build it has nowhere. */
  #path(url: string): string {
    const [, name] = /^\/assets\/(.+)$/.exec(url) ?? [];
    if (name === undefined) return url;
    const real = name.replace(this.build, "");
    return real === name || this.#missing.has(real) ? `/assets/gone-${name}` : `/assets/${real}`;
  }

  #answer(asked: IncomingMessage, answer: ServerResponse): void {
    // What is renamed must come as it is, and is never the same as before.
    const { "accept-encoding": _, "if-none-match": __, ...headers } = asked.headers;
    const path = this.#path(asked.url ?? "/");
    const forwarded = request(new URL(path, this.target), { method: asked.method, headers }, (come) => {
      const { etag: _, "content-length": length, ...rest } = come.headers;
      const isText = TEXT.test(come.headers["content-type"] ?? "") && !path.startsWith("/api");
      if (!isText) {
        answer.writeHead(come.statusCode ?? 502, length === undefined ? rest : { ...rest, "content-length": length });
        come.pipe(answer);
        return;
      }
      const parts: Buffer[] = [];
      come.on("data", (part: Buffer) => parts.push(part));
      come.on("end", () => {
        answer.writeHead(come.statusCode ?? 502, rest);
        answer.end(this.#renamed(Buffer.concat(parts).toString()));
      });
    });
    forwarded.on("error", () => answer.destroy());
    asked.pipe(forwarded);
  }

  #upgrade(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    const server = connect(Number(this.target.port), this.target.hostname);
    const lines = [`${asked.method} ${asked.url} HTTP/1.1`];
    for (let index = 0; index < asked.rawHeaders.length; index += 2) lines.push(`${asked.rawHeaders[index]}: ${asked.rawHeaders[index + 1]}`);
    server.write(`${lines.join("\r\n")}\r\n\r\n`);
    server.write(head);
    for (const [from, to] of [[socket, server], [server, socket]] as const) {
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  }
}
