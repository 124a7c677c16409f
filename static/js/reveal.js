// A select that shows the fields of its choice: [data-reveals] inside [data-reveal-scope], fields marked data-reveal-when="a b".

function show(control) {
  const scope = control.closest("[data-reveal-scope]");
  for (const part of scope?.querySelectorAll("[data-reveal-when]") ?? []) {
    part.hidden = !part.dataset.revealWhen.split(" ").includes(control.value);
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-reveals]")) show(event.target);
});
