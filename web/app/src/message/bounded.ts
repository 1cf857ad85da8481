/** A map that forgets what was put in first when it is full. */
export class Bounded<K, V> extends Map<K, V> {
  constructor(private readonly entriesMax: number) {
    super();
  }

  override set(key: K, value: V): this {
    super.set(key, value);
    for (const oldest of this.keys()) {
      if (this.size <= this.entriesMax) break;
      this.delete(oldest);
    }
    return this;
  }
}
