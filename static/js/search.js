// Search on every page: a dialog that asks the server while somebody types. The canvas answers `search:asked` with its own.

const dialog = document.getElementById("search-dialog");
const input = document.getElementById("search-input");
const results = document.getElementById("search-results");
const help = document.getElementById("search-help");
const button = document.getElementById("search-button");
const PAUSE = 150; // ms without a key before the server is asked

let timer = 0;
let asking = null; // the AbortController of what is under way
let taken = false; // Enter came before the answer

const options = () => [...results.querySelectorAll('[role="option"]')];
const chosen = () => results.querySelector('[aria-selected="true"]');

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  if (!option) return input.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  input.setAttribute("aria-activedescendant", option.id);
  return option.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = options();
  if (all.length) choose(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
}

function show(nodes, words) {
  results.replaceChildren(...nodes);
  for (const [index, option] of options().entries()) option.id = `found-${index}`;
  const count = options().length;
  input.setAttribute("aria-expanded", String(count > 0));
  const told = count ? `${count} found` : "Nothing has this name or number.";
  help.textContent = words ?? (input.value.trim() ? told : "");
  choose(options()[0]);
  results.scrollTop = 0;
}

async function fetched(signal) {
  const url = new URL(dialog.dataset.url, location);
  url.searchParams.set("q", input.value);
  const answer = await fetch(url, { headers: { "HX-Request": "true" }, signal });
  if (answer.redirected) {
    location.reload(); // signed out: the page leads to signing in
    return [];
  }
  if (!answer.ok) throw new Error(`${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html").body.children;
}

async function ask() {
  const mine = new AbortController();
  asking = mine;
  try {
    const found = await fetched(mine.signal);
    if (asking === mine) show(found);
  } catch {
    if (asking !== mine) return; // something newer was typed
    show([], "The search did not answer. Type again to ask once more.");
  }
  if (asking !== mine) return;
  asking = null;
  if (taken) chosen()?.click();
  taken = false;
}

function later(pause) {
  clearTimeout(timer);
  asking?.abort();
  asking = new AbortController(); // from now on an answer is awaited
  taken = false;
  timer = setTimeout(ask, pause);
}

function stop() {
  clearTimeout(timer);
  asking?.abort();
  asking = null;
  taken = false;
}

function pressed(event) {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && event.target === input) {
    event.preventDefault();
    if (asking) taken = true;
    else chosen()?.click();
  }
}

/** Opens the dialog; closing it gives the focus back to what had it. */
export function openSearch() {
  input.value = "";
  show([], "");
  dialog.showModal();
  input.focus();
  later(0);
}

function wanted(event) {
  event.preventDefault();
  if (document.querySelector("dialog[open]")) return;
  if (document.dispatchEvent(new CustomEvent("search:asked", { cancelable: true }))) openSearch();
}

if (dialog) {
  button.setAttribute("aria-haspopup", "dialog");
  button.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) wanted(event); // a new tab gets the page
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") wanted(event);
  });
  input.addEventListener("input", () => later(PAUSE));
  dialog.addEventListener("keydown", pressed);
  dialog.addEventListener("close", stop);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside it
    if (event.target.closest('[role="option"]') && !event.ctrlKey && !event.metaKey) dialog.close(); // and the link is followed
  });
}
