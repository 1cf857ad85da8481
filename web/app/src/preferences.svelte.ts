/**
 * What somebody likes on this device: kept in the browser, the same in all its tabs, and on the page before anything
 * is painted. Importing this applies it; `main.ts` does so first.
 */
import { language } from "./i18n.svelte.ts";
import { DEFAULTS, quietAt, usable, type Preferences } from "./settings/preference.ts";
import { paint } from "./settings/theme.ts";

const KEPT_AS = "natter.preferences";

const values = $state<Preferences>(read());

/** Setting one keeps it, and shows it at once. */
export const preferences: Preferences = new Proxy(values, {
  set(target, name, value: unknown) {
    Reflect.set(target, name, value);
    keep();
    apply();
    return true;
  },
});

/** For signing out: nothing of the person stays, only how the screen looks and what language it speaks. */
export function forgetPreferences(): void {
  const { theme, customTheme, density, locale } = values;
  Object.assign(values, DEFAULTS, { theme, customTheme, density, locale });
  keep();
}

/** Whether sounds and the system's notifications are to be silent at a time. */
export function isQuiet(now: Date): boolean {
  return quietAt(values.quietHours, now);
}

function apply(): void {
  const root = document.documentElement;
  const { theme, density } = values;
  root.dataset["theme"] = theme;
  root.dataset["density"] = density;
  paint(root, theme === "custom" ? values.customTheme : undefined);
  paintFrame();
}

/** The browser's own frame around the page has its colour from `<meta>`, one for each scheme of the system. */
function paintFrame(): void {
  const { theme, customTheme } = values;
  const metas = [...document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')];
  for (const meta of metas) meta.dataset["usual"] ??= meta.content;
  const forced = theme === "custom" ? customTheme.surface : metas.find(({ media }) => media.includes(theme))?.dataset["usual"];
  for (const meta of metas) meta.content = forced ?? meta.dataset["usual"] ?? "";
}

function keep(): void {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(values));
  } catch {
    // A browser that keeps nothing starts with the usual preferences the next time.
  }
}

function read(): Preferences {
  let kept: unknown;
  try {
    kept = JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}");
  } catch {
    return { ...DEFAULTS };
  }
  return usable(kept);
}

apply();

// Another tab has changed them.
addEventListener("storage", ({ key }) => {
  if (key !== KEPT_AS && key !== null) return;
  const locale = values.locale;
  Object.assign(values, read());
  apply();
  if (values.locale !== locale) language.speak(values.locale).catch((error: unknown) => console.error(error));
});
