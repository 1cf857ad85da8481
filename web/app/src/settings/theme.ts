import { contrast } from "@natter/ui/contrast";
import { EDGE_CONTRAST_MIN, inkOn, isDark, isHex, mix, readable, TEXT_CONTRAST_MIN, type Hex } from "./colour.ts";

/** A theme of one's own: three colours, from which all others follow. */
export interface CustomTheme {
  accent: Hex;
  surface: Hex;
  text: Hex;
}

/** Where the editor begins: warm paper, so that it is neither of the themes that are there already. */
export const FIRST_THEME: CustomTheme = { accent: "#0f766e", surface: "#fdf8ee", text: "#292018" };

/** Red and amber, from which what warns is made. */
const DANGER: Hex = "#c92a2a";
const NOTICE: Hex = "#b7791f";

export function isCustomTheme(value: unknown): value is CustomTheme {
  if (typeof value !== "object" || value === null) return false;
  const { accent, surface, text } = value as Record<string, unknown>;
  return isHex(accent) && isHex(surface) && isHex(text);
}

/** What of a theme has to stand out from all its surfaces, how far it does from the nearest, and how far it should. */
export function checks(theme: CustomTheme): { what: "text" | "accent"; ratio: number; least: number }[] {
  const { ground, surface, raised, sunken, accentSoft, dangerSoft, noticeSoft } = surfaces(theme);
  const least = (colour: Hex, ...grounds: Hex[]) => Math.min(...grounds.map((one) => contrast(colour, one)));
  const text = least(theme.text, ground, surface, raised, sunken, accentSoft, dangerSoft, noticeSoft);
  return [
    { what: "text", ratio: text, least: TEXT_CONTRAST_MIN },
    { what: "accent", ratio: least(theme.accent, surface, ground, raised), least: EDGE_CONTRAST_MIN },
  ];
}

export function isReadable(theme: CustomTheme): boolean {
  return checks(theme).every(({ ratio, least }) => ratio >= least);
}

/** What text stands on. */
function surfaces({ accent, surface, text }: CustomTheme) {
  return {
    surface,
    ground: mix(surface, text, 0.03),
    raised: isDark(surface) ? mix(surface, "#ffffff", 0.06) : surface,
    sunken: mix(surface, text, 0.06),
    accentSoft: mix(surface, accent, 0.14),
    dangerSoft: mix(surface, DANGER, 0.1),
    noticeSoft: mix(surface, NOTICE, 0.12),
  };
}

/** All tokens that differ from those of the style sheet, by their names. */
export function tokens(theme: CustomTheme): Record<string, string> {
  const { accent, surface, text } = theme;
  const { ground, raised, sunken, accentSoft, dangerSoft, noticeSoft } = surfaces(theme);
  const grounds = [surface, raised, ground, sunken];
  const readableText = (colour: Hex, ...more: Hex[]) => readable(colour, text, [...grounds, ...more], TEXT_CONTRAST_MIN);
  const accentText = readableText(accent, accentSoft);
  const onAccent = inkOn(accent);
  return {
    "color-scheme": isDark(surface) ? "dark" : "light",
    "--ground": ground,
    "--surface": surface,
    "--raised": raised,
    "--sunken": sunken,
    // The last two digits are how much covers what is below.
    "--hover": `${text}0f`,
    "--pressed": `${text}1a`,
    "--line": mix(surface, text, 0.14),
    "--edge": readable(mix(surface, text, 0.4), text, grounds, EDGE_CONTRAST_MIN),
    "--text": text,
    "--text-quiet": readableText(mix(text, surface, 0.35), accentSoft),
    "--accent": accent,
    // Away from what is written on it.
    "--accent-hover": mix(accent, inkOn(onAccent), 0.1),
    "--accent-text": accentText,
    "--accent-soft": accentSoft,
    "--on-accent": onAccent,
    "--danger": readableText(DANGER, dangerSoft),
    "--danger-soft": dangerSoft,
    "--notice": readableText(NOTICE, noticeSoft),
    "--notice-soft": noticeSoft,
    "--inverse": text,
    "--on-inverse": surface,
    "--focus-inner": surface,
    "--focus-outer": accentText,
  };
}

const names = Object.keys(tokens(FIRST_THEME));

/** Gives an element the colours of a theme, or takes them back. Not by a style attribute, which the policy forbids. */
export function paint(element: HTMLElement, theme: CustomTheme | undefined): void {
  const values = theme ? tokens(theme) : {};
  for (const name of names) {
    const value = values[name];
    if (value === undefined) element.style.removeProperty(name);
    else element.style.setProperty(name, value);
  }
}
