// What happens in a run, spoken: the newest sentence, at most one in two seconds.

const EVERY = 2000; // milliseconds
const heard = document.getElementById("say");
const spoken = document.getElementById("live");
let last = 0;
let timer = null;

function speak() {
  timer = null;
  last = Date.now();
  spoken.textContent = heard.textContent;
}

new MutationObserver(() => {
  if (heard.textContent) timer ??= setTimeout(speak, Math.max(0, last + EVERY - Date.now()));
}).observe(heard, { childList: true, characterData: true, subtree: true });
