// Who is here: faces in the top bar, and a ring with a name around the card that somebody edits.

const list = document.getElementById("people");
const narrow = matchMedia("(max-width: 719px)");
const most = () => (narrow.matches ? 2 : 4); // faces; the others are a number

function part(kind, className, text) {
  const made = document.createElement(kind);
  made.className = className;
  made.textContent = text;
  return made;
}

function face(person, where) {
  const item = document.createElement("li");
  const words = where ? `${person.name} is here, at ${where}` : `${person.name} is here`;
  item.dataset.person = person.color;
  item.title = words;
  const initials = part("span", "avatar", person.initials);
  initials.setAttribute("aria-hidden", "true");
  item.append(initials, part("span", "visually-hidden", words));
  return item;
}

function more(people) {
  const item = document.createElement("li");
  const names = people.map((person) => person.name).join(", ");
  item.title = names;
  const count = part("span", "avatar", `+${people.length}`);
  count.setAttribute("aria-hidden", "true");
  item.append(count, part("span", "visually-hidden", `${people.length} more: ${names}`));
  return item;
}

const nameOf = (card) => card?.getAttribute("aria-label")?.replace(/, (no|\d+) assignments?$/, "") ?? "";

function faces(others, cardsOf) {
  const key = JSON.stringify([others, most()]);
  if (!list || list.dataset.shown === key) return; // what has not changed is not read out again
  list.dataset.shown = key;
  const shown = others.length > most() ? others.slice(0, most() - 1) : others;
  list.replaceChildren(...shown.map((person) => face(person, nameOf(cardsOf(person.at)[0]))));
  if (others.length > shown.length) list.append(more(others.slice(shown.length)));
  list.hidden = !others.length;
}

function rings(others, cardsOf) {
  const wanted = new Map(); // card -> those who edit it
  for (const person of others) {
    for (const card of cardsOf(person.at)) wanted.set(card, [...(wanted.get(card) ?? []), person]);
  }
  for (const card of document.querySelectorAll("[data-edited-by]")) {
    if (wanted.has(card)) continue;
    delete card.dataset.editedBy;
    card.querySelector(":scope > .editor-name")?.remove();
  }
  for (const [card, editors] of wanted) {
    card.dataset.editedBy = editors[0].color;
    const label = card.querySelector(":scope > .editor-name") ?? card.appendChild(part("span", "editor-name", ""));
    const names = editors.map((person) => person.name).join(", ");
    if (label.textContent !== names) label.textContent = names;
  }
}

/** `people` as the socket tells them; `cardsOf(place)` are the cards that show a place. */
export function showPeople(people, cardsOf) {
  const others = people.filter((person) => !person.you);
  faces(others, cardsOf);
  rings(others, cardsOf);
}
