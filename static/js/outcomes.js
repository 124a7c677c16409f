// In the stage drawer a gate can lead to an outcome that was typed a moment ago: the lists of outcomes follow their rows.

const ROWS = 'input[name^="row-"][name$="-name"]';

/** The outcomes as they are typed, each with its row and the name that is stored. */
function typed(form) {
  return [...form.querySelectorAll(ROWS)].map((field) => {
    const prefix = field.name.slice(0, -"-name".length);
    return { prefix, name: field.value.trim(), key: form.elements.namedItem(`${prefix}-key`)?.value };
  });
}

function follow(select, outcomes) {
  const chosen = select.selectedOptions[0];
  const there = outcomes.filter(({ name }) => name);
  const same =
    there.find(({ name }) => name === select.value) ??
    there.find(({ key, prefix }) => (select.value && key === select.value) || prefix === chosen?.dataset.row);
  const lost = select.value && !same ? [chosen] : [];
  const options = there.map((each) => {
    const option = new Option(each.name, each.name, false, each === same);
    option.dataset.row = each.prefix;
    return option;
  });
  select.replaceChildren(select.options[0], ...options, ...lost);
}

function offer(target) {
  const form = target.closest?.("form");
  if (!form?.querySelector("#routing")) return;
  const outcomes = typed(form);
  for (const select of form.querySelectorAll("#hooks select")) {
    if (/-(deadline_)?outcome$/.test(select.name)) follow(select, outcomes);
  }
}

document.addEventListener("input", (event) => event.target.matches?.(ROWS) && offer(event.target));
document.addEventListener("click", (event) => event.target.matches?.('[role="tab"]') && offer(event.target));
