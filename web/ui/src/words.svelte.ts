/** The few words that components say by themselves. */
export interface Words {
  /** Closes a sheet, a dialog, a toast. */
  close: string;
  /** Empties a field. */
  clear: string;
  /** The region where toasts appear. */
  toasts: string;
  /** Keys as they are printed on a keyboard of this language; those not named here are as they are. */
  keys: Readonly<Record<string, string>>;
}

/**
 * English until the application sets others: `Object.assign(words, { close: … })`, in an effect, so that they follow
 * its language.
 */
export const words: Words = $state({ close: "Close", clear: "Clear", toasts: "Notices", keys: {} });
