// Every change is one command, sent at once, one after the other. What cannot be sent waits, and the page says so.

import { adopt, canEdit, region } from "./graph.js";

const word = document.getElementById("revision");
const RETRY = 3000; // milliseconds
const waiting = []; // {command, done}
let busy = false;
let offline = false;
let signedOut = false;
let answer = null; // of the command that is on its way: its status, or nothing

function show() {
  if (!waiting.length) {
    word.dataset.save = "saved";
    return;
  }
  const count = `${waiting.length} change${waiting.length === 1 ? "" : "s"} waiting`;
  word.dataset.save = offline ? "offline" : "saving";
  word.textContent = offline ? `${signedOut ? "Signed out" : "Offline"}, ${count}` : "Saving…";
}

async function post(command) {
  answer = null;
  signedOut = false;
  const values = { do: command.do, json: JSON.stringify(command) };
  try {
    await htmx.ajax("POST", region.dataset.commands, { source: region, target: region, swap: "none", values });
  } catch {
    // told by htmx:error
  }
  return answer;
}

async function work() {
  if (busy) return;
  busy = true;
  while (waiting.length) {
    show();
    const { command, done } = waiting[0];
    const status = await post(command);
    offline = status === null;
    if (offline) break;
    waiting.shift();
    if (status !== 200) adopt(); // what the page showed ahead of the answer goes back
    if (status >= 500 || status === 403) word.textContent = "Not saved";
    done(status === 200);
  }
  busy = false;
  show();
  if (waiting.length) setTimeout(work, RETRY);
}

/** Send a command; resolves to whether it was carried out. */
export function send(command) {
  if (!canEdit) return Promise.resolve(false);
  return new Promise((done) => {
    waiting.push({ command, done });
    show();
    work();
  });
}

/** What is at the top of the page's toasts, from here. */
export function tell(text, tone = "info") {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone } }));
}

/** Say one sentence to those who listen. */
export function say(text) {
  document.getElementById("live").textContent = text;
}

region.addEventListener("htmx:before:response", (event) => {
  if (event.target === region) signedOut = event.detail.ctx.response.raw.redirected; // to where one signs in: no answer
});
region.addEventListener("htmx:after:request", (event) => {
  if (event.target === region) answer = event.detail.ctx.response?.status ?? null;
});
region.addEventListener("htmx:error", (event) => {
  if (event.target === region && !event.detail.ctx?.response) event.stopPropagation(); // the line beside the tabs says so
});
window.addEventListener("online", work);
window.addEventListener("beforeunload", (event) => {
  if (waiting.length) event.preventDefault();
});
