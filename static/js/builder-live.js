// The builder with others in it: who is here, a ring around the card that somebody edits, and what they have changed.
// live.js follows the socket and asks for what is new; #builder-news (in each answer) says who changed what.
// What somebody types is never replaced: a drawer with unsaved changes gets a word and a choice instead.

import { hold, isHeld, release, root, send } from "./live.js";
import { showPeople } from "./people.js";

const slot = document.getElementById("drawer");
const drawer = () => slot.querySelector(".drawer[data-drawer]");
const PLACE = /^([a-z]+:\d+)/; // "outcome:12:approve" is at stage 12
const OF_A_STAGE = /^(stage|outcome|target):/;
const FLASH = 2000;
const SAY_EVERY = 2000;

let people = [];
let told = null; // where the others think our drawer is
let asksFor = ""; // because of whose change the drawer asks for itself again
let shownUpTo = 0; // the newest edit whose news were shown
const sayings = [];
let saying = null;

// Where our drawer is

const at = () => (drawer()?.dataset.drawer.match(PLACE)?.[1] ?? "").replace(OF_A_STAGE, "stage:");

function tellPlace(again = false) {
  if (!again && told === at()) return;
  told = at();
  send({ at: told });
}

// Cards

/** The cards that show a place: one on the outline, one on the canvas, or none. */
function cardsOf(place) {
  const [kind, id] = place.split(":");
  if (kind === "stage") {
    return [document.getElementById(`stage-${id}`), document.getElementById(`node-${id}`)].filter(Boolean);
  }
  const part = ["assignment", "hook"].includes(kind) ? document.getElementById(`${kind}-${id}`) : null;
  return [part?.closest(".stage, .node")].filter(Boolean);
}

/** What the news call the object that our drawer shows. */
function object() {
  const here = at();
  if (here.startsWith("workflow:")) return "workflow";
  return here.startsWith("hook:") ? (cardsOf(here)[0]?.id.replace(/^(stage|node)-/, "stage:") ?? "") : here;
}

function drawPeople() {
  showPeople(people, cardsOf);
}

function flash(place, colour) {
  for (const card of cardsOf(place)) {
    card.dataset.changedBy = colour;
    setTimeout(() => {
      if (card.dataset.changedBy === colour) delete card.dataset.changedBy;
    }, FLASH);
  }
}

// Words

function say(text) {
  sayings.push(text);
  if (saying) return;
  saying = setInterval(sayNext, SAY_EVERY);
  sayNext();
}

function sayNext() {
  if (!sayings.length) {
    clearInterval(saying);
    saying = null;
    return;
  }
  document.getElementById("live").textContent =
    sayings.length > 1 ? `${sayings.length} changes by others. The last: ${sayings.at(-1)}` : sayings[0];
  sayings.length = 0;
}

// News: <li data-number data-by data-colour data-you data-at="stage:12 assignment:5">Ana: Renamed …</li>

function readNews(own) {
  const fresh = [...document.querySelectorAll("#builder-news > li")].filter((row) => Number(row.dataset.number) > shownUpTo);
  let whose = ""; // who changed something last, if it was not this page
  let changed = false; // what the open drawer shows
  for (const row of fresh) {
    shownUpTo = Math.max(shownUpTo, Number(row.dataset.number));
    const { by, colour, you } = row.dataset;
    const places = row.dataset.at.split(" ").filter(Boolean);
    // What this page has just done itself, and where cards of the canvas stand, is no news.
    if ((you && own) || !places.length) continue;
    if (!you) {
      for (const place of places) flash(place, colour);
      say(row.textContent.trim());
    }
    whose = you ? "You, in another tab," : by;
    changed ||= places.includes(object());
  }
  if (!whose || !at()) return;
  if (/^(stage|assignment):/.test(at()) && !cardsOf(at()).length) deletedUnderUs(whose);
  else if (changed) changedUnderUs(whose);
}

/** The canvas makes and takes away its cards after the answer has landed: they are looked for a moment later. */
function heardNews() {
  const own = isHeld();
  setTimeout(() => readNews(own));
}

/** Somebody changed what the open drawer shows. */
function changedUnderUs(who) {
  if (slot.querySelector("form[data-dirty]")) notice(`${who} changed this just now.`, true);
  else refresh(who);
}

/** What was typed stays to be copied; a drawer without anything typed has nothing to show any more. */
function deletedUnderUs(who) {
  const text = `${who} deleted this just now.`;
  if (slot.querySelector("form[data-dirty]")) return notice(text, false);
  slot.replaceChildren();
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "warning" } }));
}

function notice(text, offersTheirs) {
  const made = document.getElementById("drawer-news").content.firstElementChild.cloneNode(true);
  made.querySelector("p").textContent = text;
  const theirs = made.querySelector("button");
  if (offersTheirs) theirs.setAttribute("hx-get", addressOfDrawer());
  else theirs.remove();
  drawer().querySelector(".drawer-news")?.remove();
  drawer().querySelector(".drawer-head").after(made);
  htmx.process(made);
}

function addressOfDrawer() {
  const form = slot.querySelector("form[action]");
  const address = new URL(form?.getAttribute("action") ?? location.href, location.href);
  const tab = form?.elements.namedItem("tab")?.value;
  if (tab) address.searchParams.set("tab", tab);
  return address.pathname + address.search;
}

/** A drawer without unsaved changes just shows what is there now; the focus stays where it is. */
function refresh(who) {
  asksFor = who;
  htmx.ajax("GET", addressOfDrawer(), { source: slot, target: slot, swap: "innerMorph" });
}

/** An outcome or a hook is found to be gone when its drawer asks for it again. */
function refreshed(event) {
  const { ctx } = event.detail;
  if (ctx.sourceElement === slot && ctx.response?.status === 404 && drawer()) deletedUnderUs(asksFor);
}

/** While the newer drawer was on its way, somebody may have begun to type. */
function keepTyped(event) {
  const { ctx, tasks } = event.detail;
  if (ctx.sourceElement !== slot) return;
  for (const task of [...tasks]) {
    if (task.target === slot && slot.querySelector("form[data-dirty]")) tasks.splice(tasks.indexOf(task), 1);
  }
}

// Our own changes: their answers bring the page forward, no hint has to. Who asks without htmx calls hold and release.

const changes = (ctx) => ctx.request.method !== "GET" && ctx.sourceElement !== root;
const underway = new WeakSet();

function begun(event) {
  const { ctx } = event.detail;
  if (!changes(ctx) || underway.has(ctx)) return;
  underway.add(ctx);
  hold();
}

function ended(event) {
  const { ctx } = event.detail;
  if (underway.delete(ctx)) release();
  setTimeout(drawPeople); // a swap takes rings off
}

// The window is called as the workflow on it, also when that gets another name.

const title = document.getElementById("shown-name");
let named = title?.textContent;

function retitle() {
  if (title.textContent === named) return;
  document.title = document.title.replace(named, () => title.textContent);
  named = title.textContent;
}

function start() {
  if (title) new MutationObserver(retitle).observe(title, { childList: true, characterData: true, subtree: true });
  shownUpTo = Number(document.getElementById("builder-seq").dataset.seq);
  root.addEventListener("live:frame", (event) => {
    if (!Array.isArray(event.detail.people)) return;
    people = event.detail.people;
    drawPeople();
  });
  root.addEventListener("live:connected", () => tellPlace(true));
  new MutationObserver(() => tellPlace()).observe(slot, { childList: true });
  new MutationObserver(heardNews).observe(document.getElementById("builder-news"), { childList: true });
  document.addEventListener("htmx:before:request", begun);
  document.addEventListener("htmx:finally:request", ended);
  document.addEventListener("htmx:after:request", refreshed);
  document.addEventListener("htmx:before:swap", keepTyped);
  matchMedia("(max-width: 719px)").addEventListener("change", drawPeople);
  tellPlace(true);
}

if (root && document.getElementById("builder-seq")) start();
