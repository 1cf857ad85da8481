import "@natter/ui/styles.css";
import { preferences } from "./preferences.svelte.ts";
import { mount } from "svelte";
import App from "./App.svelte";
import { chat } from "./chat.ts";
import { language } from "./i18n.svelte.ts";
import { keepOffline } from "./offline/offline.ts";
import { router } from "./router.svelte.ts";
import { foresee, parts } from "./shell/parts.ts";

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");

// Whoever is signed in is known, and the code of what they see is on its way, before anything is shown.
chat.account.subscribe((account) => {
  if (account) foresee(parts.shell);
});
if (router.route.page === "conversation") foresee(parts.conversation);
const starting = chat.start().then(
  () => true,
  (error: unknown) => {
    console.error(error);
    return false;
  },
);
// A language that cannot be loaded must not keep anybody out: English is always here.
await language.speak(preferences.locale).catch((error: unknown) => console.error(error));
mount(App, { target, props: { starting } });
keepOffline();
