import "@natter/ui/styles.css";
import { mount } from "svelte";
import Gallery from "./Gallery.svelte";

const target = document.getElementById("gallery");
if (!target) throw new Error("index.html has no #gallery");
mount(Gallery, { target });
