/** What the tests use of `ws`, which comes without types. */
declare module "ws" {
  import { EventEmitter } from "node:events";

  export interface PerMessageDeflateOptions {
    threshold?: number;
    serverNoContextTakeover?: boolean;
    clientNoContextTakeover?: boolean;
    serverMaxWindowBits?: number;
    clientMaxWindowBits?: number;
  }

  export interface SendOptions {
    binary?: boolean;
    compress?: boolean;
    fin?: boolean;
  }

  export default class WebSocket extends EventEmitter {
    constructor(url: string, options: { perMessageDeflate: PerMessageDeflateOptions | boolean });
    send(text: string | Buffer, options?: SendOptions): void;
    ping(text: string): void;
    close(): void;
  }
}
