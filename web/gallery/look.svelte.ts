/** How the page looks: in its address, so that a picture can be taken of each. */
const address = new URL(location.href);

const LOOKS = {
  theme: ["system", "light", "dark"],
  density: ["comfortable", "compact"],
  dir: ["ltr", "rtl"],
} as const;

type Look = { [Name in keyof typeof LOOKS]: (typeof LOOKS)[Name][number] };

function given<Name extends keyof Look>(name: Name): Look[Name] {
  const choices: readonly string[] = LOOKS[name];
  const wish = address.searchParams.get(name);
  return (wish !== null && choices.includes(wish) ? wish : choices[0]) as Look[Name];
}

export const look: Look = $state({ theme: given("theme"), density: given("density"), dir: given("dir") });

/** To be called in an effect that runs before others. */
export function apply(): void {
  const root = document.documentElement;
  root.dataset["theme"] = look.theme;
  root.dataset["density"] = look.density;
  root.dir = look.dir;
  for (const [name, value] of Object.entries(look)) address.searchParams.set(name, value);
  history.replaceState(null, "", address);
}
