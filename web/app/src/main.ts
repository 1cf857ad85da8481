import "@natter/ui/styles.css";
import { preferences } from "./preferences.svelte.ts";
import { mount } from "svelte";
import App from "./App.svelte";
import { language } from "./i18n.svelte.ts";
import { keepOffline } from "./offline/offline.ts";

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");
// A language that cannot be loaded must not keep anybody out: English is always here.
await language.speak(preferences.locale).catch((error: unknown) => console.error(error));
mount(App, { target });
keepOffline();
