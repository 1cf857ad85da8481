import { prefersReducedMotion } from "svelte/motion";

/** Whether an animation plays: by itself for those who like that, and for everybody as they choose. */
export class Motion {
  #chosen = $state<boolean>();

  constructor(private readonly animated: () => boolean) {}

  get plays(): boolean {
    return this.animated() && (this.#chosen ?? !prefersReducedMotion.current);
  }

  toggle(): void {
    this.#chosen = !this.plays;
  }
}
