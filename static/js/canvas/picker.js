// One dialog that picks from a list by typing: an agent, a stage, what to do. Arrow keys choose, Enter picks.

const dialog = document.getElementById("picker");
const input = document.getElementById("picker-input");
const list = document.getElementById("picker-list");
const help = document.getElementById("picker-help");
const title = document.getElementById("picker-title");
const MOST = 80;

let now = null; // {items, onPick, stays, onFilter, shown, at}

const fold = (text) => text.toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

/** How well `item` fits what was typed: the lower, the better; -1 not at all. */
function rank(item, typed) {
  const name = fold(item.name);
  if (name.startsWith(typed)) return 0;
  const at = name.indexOf(typed);
  if (at > 0) return name[at - 1] === " " ? 1 : 2;
  return fold(`${item.kind ?? ""} ${item.more ?? ""}`).includes(typed) ? 3 : -1;
}

function option(item, index) {
  const made = document.createElement("li");
  made.id = `picker-${index}`;
  made.setAttribute("role", "option");
  made.dataset.index = index;
  const name = document.createElement("span");
  name.textContent = item.name;
  made.append(name);
  const kind = document.createElement("span");
  kind.className = "meta";
  kind.textContent = [item.kind, item.more].filter(Boolean).join(" · ");
  made.append(kind);
  return made;
}

function choose(at) {
  now.at = at;
  for (const [index, each] of [...list.children].entries()) each.setAttribute("aria-selected", String(index === at));
  const chosen = list.children[at];
  if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
  else input.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}

function filter() {
  const typed = fold(input.value.trim());
  now.shown = now.items
    .map((item, index) => ({ item, index, rank: rank(item, typed) }))
    .filter((each) => each.rank >= 0)
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, MOST)
    .map((each) => each.item);
  list.replaceChildren(...now.shown.map(option));
  help.textContent = now.shown.length ? (now.help ?? "") : "Nothing has this name.";
  choose(now.shown.length ? 0 : -1);
  now.onFilter?.(typed ? now.shown : null);
}

async function take(item) {
  if (!item) return;
  const { onPick, stays } = now;
  if (!stays) dialog.close();
  await onPick(item);
  if (!stays || !dialog.open) return;
  help.textContent = stays(item);
  input.select();
}

/** Ask: `items` are {name, kind?, more?}; `stays` (a function that words what was done) keeps the dialog open. */
export function pick({ title: text, items, onPick, stays, help: words, onFilter, onClose }) {
  now = { items, onPick, stays, help: words, onFilter, onClose, shown: [], at: -1 };
  title.textContent = text;
  input.value = "";
  dialog.showModal();
  input.focus();
  filter();
}

export function startPicker() {
  input.addEventListener("input", filter);
  dialog.addEventListener("keydown", (event) => {
    const count = now.shown.length;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      dialog.close();
    } else if (event.key === "Enter" && event.target === input) {
      event.preventDefault();
      take(now.shown[now.at]);
    } else if (count && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      choose((now.at + (event.key === "ArrowDown" ? 1 : count - 1)) % count);
    }
  });
  list.addEventListener("click", (event) => {
    const index = event.target.closest("[data-index]")?.dataset.index;
    if (index !== undefined) take(now.shown[Number(index)]);
  });
  dialog.addEventListener("close", () => now.onClose?.());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
}
