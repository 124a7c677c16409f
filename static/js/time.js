// Clocks: [data-since] ticks from a server timestamp, [data-local] shows a time in the reader's zone.

const root = document.querySelector("[data-now]");
// How far this computer's clock is from the server's, in milliseconds.
const offset = root ? Date.parse(root.dataset.now) - Date.now() : 0;
const pad = (number) => String(number).padStart(2, "0");

/** 41000 -> "0:41", 3,700,000 -> "1:01:40", 200,000,000 -> "2 d 7 h". */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours}:${pad(minutes)}:${pad(seconds % 60)}`;
  return `${minutes}:${pad(seconds % 60)}`;
}

function tick(element) {
  const since = Date.parse(element.dataset.since);
  if (Number.isNaN(since)) return;
  const now = element.dataset.finished ? Date.parse(element.dataset.finished) : Date.now() + offset;
  const until = Date.parse(element.dataset.until);
  const passed = duration(now - since);
  const text = Number.isNaN(until) ? passed : `${passed} of ${duration(until - since)}`;
  if (element.textContent !== text) element.textContent = text;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

function ago(milliseconds) {
  const minutes = Math.floor(milliseconds / 60000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} d ago`;
}

function localise(element) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) return;
  const mode = element.dataset.local;
  const text = mode === "ago" ? ago(Date.now() + offset - at) : (mode === "date" ? day : clock).format(at);
  element.title = day.format(at);
  if (element.textContent !== text) element.textContent = text;
}

function all(within) {
  if (within.matches?.("[data-since]")) tick(within);
  within.querySelectorAll?.("[data-since]").forEach(tick);
  within.querySelectorAll?.("time[data-local]").forEach(localise);
}

setInterval(() => {
  if (!document.hidden) document.querySelectorAll("[data-since]:not([data-finished])").forEach(tick);
}, 1000);
setInterval(() => document.querySelectorAll('time[data-local="ago"]').forEach(localise), 60000);
document.addEventListener("htmx:after:settle", (event) => all(event.target));
all(document);
