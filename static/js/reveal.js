// A select that shows the fields of its choice: [data-reveals] inside [data-reveal-scope], fields in data-reveal-when="a b".
// What is not chosen waits in a <template>: it is not sent, and no label names a field that nobody can see.

function wake(part) {
  const waiting = part.querySelector(":scope > template");
  if (!waiting) return;
  waiting.replaceWith(waiting.content);
  htmx.process(part); // it saw nothing of what was in the template
}

function rest(part) {
  if (part.querySelector(":scope > template")) return;
  const waiting = document.createElement("template");
  waiting.content.append(...part.childNodes);
  part.append(waiting);
}

function show(control) {
  const scope = control.closest("[data-reveal-scope]");
  for (const part of scope?.querySelectorAll("[data-reveal-when]") ?? []) {
    const chosen = part.dataset.revealWhen.split(" ").includes(control.value);
    part.hidden = !chosen;
    if (chosen) wake(part);
    else rest(part);
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-reveals]")) show(event.target);
});

// What was chosen before this module was loaded, or kept by the browser over a reload, said so to nobody.
for (const control of document.querySelectorAll("[data-reveals]")) show(control);

// A group that was open stays open when the server sends it again: a hidden field says so.
document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.matches?.("details[data-keeps-open]")) return;
    const kept = event.target.querySelector(':scope > input[type="hidden"]');
    if (kept) kept.disabled = !event.target.open;
  },
  true,
);
