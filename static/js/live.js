// Live pages. The element [data-sync-url] owns the socket (hx-ws:connect) and knows how far the page is (its [data-seq]).
// Frames: JSON {"seq": N} says how far the truth is. With {"since": M, "content": HTML} it brings the <hx-partial>s that lead a
// page from M to N, and htmx swaps them. On a gap and on every (re)connection the page asks for what it missed: GET
// sync-url?since=SEQ, answered with the same partials; so does {"refresh": true}, for what has no number here, such as the
// state of a child run.
// Other modules hear each JSON frame as "live:frame" on the element, and each (re)connection as "live:connected".

export const root = document.querySelector("[data-sync-url]");
const chip = document.getElementById("connection");
const WORDS = { live: "Live", behind: "Behind", offline: "Offline" };
const POLL_EVERY = 3000;
const SOCKET_WAIT = 5000;
const BEHIND_AFTER = 500; // what is caught up within this is not worth a word
const PATIENCE = Number(root?.dataset.patience ?? 0); // before a hint is followed: the page may be told by an answer of its own

let wanted = 0; // the newest number the server has told us of
let asking = false;
let again = false; // asked to look again while asking
let socketOpen = false;
let reachable = true;
let held = 0;
let late = null; // the timer after which a page that is still behind says so

const seen = () => Number(root.querySelector("[data-seq]")?.dataset.seq ?? 0);

function state() {
  if (!navigator.onLine || !reachable) return "offline";
  return socketOpen && seen() >= wanted ? "live" : "behind";
}

function word(now) {
  chip.dataset.connection = now;
  chip.textContent = WORDS[now];
}

function showState() {
  if (!chip) return;
  const now = state();
  if (late && now === "behind") return;
  clearTimeout(late);
  late = null;
  if (chip.dataset.connection === now && chip.textContent === WORDS[now]) return;
  if (now === "behind" && socketOpen) late = setTimeout(() => ((late = null), word(state())), BEHIND_AFTER);
  else word(now);
}

/** Say something to the server, if the socket is open. Nothing is decided by it. */
export function send(frame) {
  const socket = root?._htmx?.ws?.connection?.socket;
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

/** Follow no hint until `release`: an answer that is on its way brings the page forward by itself. */
export function hold() {
  held += 1;
}

/** Whether a change of this page's own is on its way. */
export const isHeld = () => held > 0;

export function release() {
  held -= 1;
  if (!held && wanted > seen()) catchUp();
}

async function catchUp(force = false) {
  if (held && !force) return;
  if (asking) {
    again ||= force;
    return;
  }
  asking = true;
  again = false;
  const before = seen();
  const url = new URL(root.dataset.syncUrl, location.href);
  url.searchParams.set("since", before);
  try {
    await htmx.ajax("GET", url.pathname + url.search, { source: root, target: root, swap: "none" });
  } finally {
    asking = false;
  }
  showState();
  // A hint may have come while we asked; without progress we wait for the next hint or poll.
  if (reachable && (again || (wanted > seen() && seen() > before))) catchUp();
}

/** A frame that would leave a gap, or that an answer on its way would undo, is not shown: the page asks instead. */
function brought(event) {
  const { data } = event.detail.message;
  const frame = typeof data === "string" && data.startsWith("{") ? JSON.parse(data) : {};
  if (!frame.content) return;
  if (!asking && frame.since <= seen() && frame.seq >= seen()) return;
  event.preventDefault();
  wanted = Math.max(wanted, frame.seq);
  if (asking || wanted > seen()) catchUp(true);
}

function hint(event) {
  const { data } = event.detail.message;
  if (typeof data !== "string" || !data.startsWith("{")) return showState();
  const frame = JSON.parse(data);
  if (frame.say) document.getElementById("live").textContent = frame.say;
  if (Number.isInteger(frame.approvals)) document.getElementById("approval-count").textContent = frame.approvals || "";
  if (Number.isInteger(frame.seq)) wanted = Math.max(wanted, frame.seq);
  if (frame.refresh) catchUp(true);
  else if (wanted > seen()) setTimeout(() => wanted > seen() && catchUp(), PATIENCE);
  root.dispatchEvent(new CustomEvent("live:frame", { detail: frame }));
  showState();
}

/** A push never lands in a form that someone is filling in, and never shows an event twice. */
function guard(event) {
  const { ctx, tasks } = event.detail;
  if (ctx.sourceElement !== root) return;
  for (const task of [...tasks]) {
    if (!task.target?.querySelector) continue;
    const form = task.target.closest("form[data-dirty]") ?? task.target.querySelector("form[data-dirty]");
    if (form) {
      form.dataset.stale = "true";
      tasks.splice(tasks.indexOf(task), 1);
    }
    if (task.target.id !== "events") continue;
    for (const row of [...task.fragment.children]) if (document.getElementById(row.id)) row.remove();
  }
}

function answered(event) {
  const { ctx } = event.detail;
  if (ctx.sourceElement !== root) return;
  reachable = Boolean(ctx.response) && ctx.response.status < 500;
  // The right to see this was taken away, or we are signed out: nothing of it may stay on the screen.
  if ([401, 403, 404].includes(ctx.response?.status)) location.reload();
  showState();
}

function connected() {
  socketOpen = true;
  catchUp();
  root.dispatchEvent(new CustomEvent("live:connected"));
}

function start() {
  root.addEventListener("htmx:ws:after:connection", connected);
  root.addEventListener("htmx:ws:close", (event) => {
    socketOpen = false;
    if (event.detail.code === 4403) location.reload();
    showState();
  });
  root.addEventListener("htmx:ws:before:message:incoming", brought);
  root.addEventListener("htmx:ws:after:message:incoming", hint);
  root.addEventListener("htmx:finally:request", answered);
  document.addEventListener("htmx:before:swap", guard);
  window.addEventListener("online", () => catchUp());
  window.addEventListener("offline", showState);
  setTimeout(() => {
    setInterval(() => {
      if (!socketOpen && !document.hidden) catchUp();
    }, POLL_EVERY);
  }, SOCKET_WAIT - POLL_EVERY);
  // htmx may have connected before this module was loaded.
  if (root._htmx?.ws?.connection?.socket?.readyState === WebSocket.OPEN) connected();
  showState();
}

if (root) start();
