// Leaves at once, leaves no entry to come back to, and closes an open case. Without script the link alone still
// leads away, and the case closes by itself.
// Esc is not used: people press it for other reasons, and losing a page by accident frightens.

const WITHIN_MS = 2000;
const link = document.getElementById("exit");
let presses = [];

function leave() {
  document.documentElement.hidden = true;
  // Closes the case that may be open here; on its way while the page is gone already.
  navigator.sendBeacon(link.dataset.leave);
  window.location.replace(link.href);
}

link.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Shift" || event.ctrlKey || event.altKey || event.metaKey) {
    presses = [];
    return;
  }
  if (event.repeat) return;
  const now = event.timeStamp;
  presses = [...presses.filter((at) => now - at < WITHIN_MS), now];
  if (presses.length >= 3) leave();
});
