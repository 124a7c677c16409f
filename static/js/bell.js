// The count of approvals in the top bar, live on every page: a small socket of its own, except where the page is the inbox.

import { root } from "./live.js";

const count = document.getElementById("approval-count");
const FIRST = 1000;
const LONGEST = 30000;
const NOT_ALLOWED = 4403;
let pause = FIRST;
let socket = null;

function told(event) {
  const frame = JSON.parse(event.data);
  if (!Number.isInteger(frame.approvals)) return;
  const before = Number(count.textContent || 0);
  count.textContent = frame.approvals || "";
  if (frame.approvals > before && frame.refresh) {
    document.getElementById("live").textContent = `${frame.approvals} approval${frame.approvals > 1 ? "s" : ""} wait for you`;
  }
}

function open() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/approvals`);
  socket.addEventListener("open", () => (pause = FIRST));
  socket.addEventListener("message", told);
  socket.addEventListener("close", (event) => {
    socket = null;
    if (event.code === NOT_ALLOWED) return;
    setTimeout(again, pause);
    pause = Math.min(pause * 2, LONGEST);
  });
}

/** A page that nobody looks at needs no count; it asks for it when it is looked at again. */
function again() {
  if (!socket && !document.hidden) open();
}

if (count && root?.getAttribute("hx-ws:connect") !== "/ws/approvals") {
  document.addEventListener("visibilitychange", again);
  again();
}
