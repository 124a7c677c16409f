// The drawer on the right: focus, Esc, the unsaved mark, the address (?drawer=stage:12) and the way back to its opener.

import { ask } from "./dialog.js";

const slot = document.getElementById("drawer");
let opener = null; // {element, id}: the element may be replaced by a swap, its id stays
let openKey = null;
let ready = false; // a drawer that the page came with is where its address leads

const drawer = () => slot.querySelector(".drawer");
const dirtyForm = () => slot.querySelector("form[data-dirty]");

// On a phone a drawer is a page of its own to whoever looks at it: the way back leads out of it, not away from here.
const phone = matchMedia("(max-width: 719px)");

function enter() {
  if (phone.matches && !history.state?.drawer) history.pushState({ drawer: true }, "");
}

async function wentBack() {
  if (history.state?.drawer) return drawer() ? null : location.reload(); // and forward again
  if (!drawer()) return;
  if (await mayLeave()) return slot.replaceChildren();
  const key = openKey;
  enter();
  setAddress(key);
}

function setAddress(key) {
  const url = new URL(location.href);
  if (key) url.searchParams.set("drawer", key);
  else url.searchParams.delete("drawer");
  history.replaceState(history.state, "", url);
}

/** What is wrong takes the focus, with the words below it in view. */
function show(problem) {
  problem.focus({ preventScroll: true });
  (problem.closest(".field") ?? problem).scrollIntoView({ block: "nearest" });
}

function opened(current) {
  const key = current.dataset.drawer;
  // Pressed before this module was loaded: the focus still is where it came from.
  const from = document.activeElement;
  if (!opener && from !== document.body && !slot.contains(from)) opener = { element: from, id: from.id };
  for (const list of document.querySelectorAll("[popover]:popover-open")) if (list.contains(opener?.element)) list.hidePopover();
  const problem = current.querySelector('.conflict, [aria-invalid="true"]');
  if (key !== openKey) current.querySelector("h2").focus();
  else if (problem) show(problem);
  else if (!current.contains(document.activeElement)) (current.querySelector("[data-focus]") ?? current.querySelector("h2")).focus();
  if (openKey === null && ready) enter();
  openKey = key;
  setAddress(key);
}

function closed() {
  if (openKey === null) return;
  openKey = null;
  if (history.state?.drawer) history.back();
  else setAddress(null);
  const back = opener?.element?.isConnected ? opener.element : document.getElementById(opener?.id);
  opener = null;
  back?.focus();
  if (document.activeElement !== document.body) return;
  // It is gone, or in a list that was closed: whoever opened that list, else the place where one works.
  const list = back?.closest("[popover]")?.id;
  const instead = (list && document.querySelector(`[popovertarget="${list}"]:not([hidden])`)) ?? document.getElementById("canvas");
  (instead ?? document.getElementById("main")).focus({ preventScroll: true });
}

async function mayLeave() {
  if (!dirtyForm()) return true;
  return ask("What you changed in this drawer is not saved.", {
    title: "Discard the changes?",
    button: "Discard changes",
    tone: "danger",
  });
}

async function close() {
  if (await mayLeave()) slot.replaceChildren();
}

new MutationObserver(() => (drawer() ? opened(drawer()) : closed())).observe(slot, { childList: true });
if (drawer()) opened(drawer());
ready = true;
window.addEventListener("popstate", wentBack);

// Asking comes before the request, so that another drawer never replaces unsaved work silently.
document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.target !== slot) return;
  if (!slot.contains(ctx.sourceElement)) opener = { element: ctx.sourceElement, id: ctx.sourceElement.id };
  if (ctx.request.method !== "GET" || ctx.sourceElement.closest("form") || !dirtyForm()) return;
  event.preventDefault();
  mayLeave().then((yes) => {
    if (!yes) return;
    delete dirtyForm().dataset.dirty;
    ctx.sourceElement.click();
  });
});

// What changes the workflow says which edit the page shows, so that the answer brings everything since.
document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  const shown = document.getElementById("builder-seq")?.dataset.seq;
  if (request.method === "GET" || !shown || !request.body?.set) return;
  const sync = document.querySelector("[data-sync-url]")?.dataset.syncUrl ?? "";
  request.body.set("since", shown);
  request.body.set("problems-mark", document.querySelector("#problems > [data-mark]")?.dataset.mark ?? "");
  request.body.set("view", new URL(sync, location.href).searchParams.get("view") ?? "outline");
});

// A form that adds something is empty again when that is there.
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.sourceElement?.matches?.("form[data-clears]") && ctx.response?.status === 200) ctx.sourceElement.reset();
});

function markDirty(event) {
  const form = event.target.closest?.("form[data-track]");
  if (form) form.dataset.dirty = "true";
}

/** Whether somebody has typed or chosen something in it, also when no script was listening yet. */
function changed(field) {
  if (field.type === "hidden") return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName !== "SELECT") return field.defaultValue !== undefined && field.value !== field.defaultValue;
  const chosen = [...field.options].findIndex((option) => option.defaultSelected);
  return field.selectedIndex !== Math.max(chosen, 0) && field.options.length > 0;
}

for (const form of document.querySelectorAll("form[data-track]")) {
  if ([...form.elements].some(changed)) form.dataset.dirty = "true";
}
document.addEventListener("input", markDirty);
document.addEventListener("change", markDirty);
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-drawer-close]")) close();
});
document.addEventListener("keydown", (event) => {
  if (!drawer() || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && !document.querySelector(":popover-open")) {
    event.preventDefault(); // or the same key press would close the question that close() may ask
    close();
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && slot.contains(event.target)) {
    event.preventDefault(); // Firefox sends the form by itself too
    if (!event.repeat) event.target.closest("form")?.requestSubmit();
  }
});
window.addEventListener("beforeunload", (event) => {
  if (dirtyForm()) event.preventDefault();
});
