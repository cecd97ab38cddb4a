// Leaves at once and leaves no entry to come back to. Without script the link alone still leads away.
// Esc is not used: people press it for other reasons, and losing a page by accident frightens.

const WITHIN_MS = 2000;
const link = document.getElementById("exit");
let presses = [];

function leave() {
  document.documentElement.hidden = true;
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
