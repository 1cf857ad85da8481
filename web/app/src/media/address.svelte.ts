import { GoneError, type Links, type Variant } from "./links.ts";

/** Addresses of one file, for as long as a component shows it. */
export class Address {
  #urls = $state.raw<readonly string[]>([]);
  #failure = $state<"gone" | "failed">();
  /** Raised to ask anew. */
  #asked = $state(0);
  #renewed = false;

  /** In the order in which they were wanted; none before they are all there. */
  get urls(): readonly string[] {
    return this.#urls;
  }

  get failure(): "gone" | "failed" | undefined {
    return this.#failure;
  }

  /** @param wanted Nothing as long as the file is not to be fetched. */
  constructor(
    private readonly links: () => Links,
    private readonly id: () => string,
    wanted: () => readonly Variant[],
  ) {
    $effect.pre(() => {
      void this.#asked;
      this.#failure = undefined;
      const variants = wanted();
      const at = id();
      const from = links();
      const known = variants.map((variant) => from.peek(at, variant));
      if (known.every((url) => url !== undefined)) {
        this.#urls = known;
        return;
      }
      let current = true;
      Promise.all(variants.map((variant) => from.get(at, variant))).then(
        (urls) => {
          if (current) this.#urls = urls;
        },
        (error: unknown) => {
          if (current) this.#failure = error instanceof GoneError ? "gone" : "failed";
        },
      );
      return () => (current = false);
    });
  }

  /** What the address leads to could not be fetched: it may just be too old, which a new one shows. */
  broken(): void {
    if (this.#renewed) {
      this.#failure = "failed";
      return;
    }
    this.#renewed = true;
    this.#renew();
  }

  /** What was fetched is here; should it break later, it is tried again. */
  works(): void {
    this.#renewed = false;
  }

  /** Somebody wants to see it after all. */
  retry(): void {
    this.#renewed = false;
    this.#renew();
  }

  #renew(): void {
    this.links().forget(this.id());
    this.#asked += 1;
  }
}
