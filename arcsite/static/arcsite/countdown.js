// Lets the time of a <time data-expires> run down. Its value is the seconds left when the page was sent, so a
// wrong clock on the device does no harm; an ISO moment in datetime is the fallback. The text the server wrote
// stays when this does not run. data-over is the text shown at the end; data-warn, if given, is said to screen
// readers once, a minute before. data-hides and data-shows name what goes and what comes at the end; with
// data-reloads the page is asked for anew then.

const WARN_SECONDS = 60;

function secondsLeft(element) {
  const given = Number.parseFloat(element.dataset.expires);
  if (/^\s*\d+(\.\d+)?\s*$/.test(element.dataset.expires)) return given;
  return (Date.parse(element.dataset.expires || element.dateTime) - Date.now()) / 1000;
}

function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function voice() {
  const element = document.createElement("span");
  element.className = "visually-hidden";
  element.setAttribute("role", "status");
  return element;
}

function hide(id, hidden) {
  const other = document.getElementById(id);
  if (other) other.hidden = hidden;
}

function run(element) {
  const total = secondsLeft(element);
  if (Number.isNaN(total)) return;
  const end = performance.now() + total * 1000;
  const status = voice();
  element.after(status);
  let warned = total <= WARN_SECONDS;

  function tick() {
    const left = (end - performance.now()) / 1000;
    if (left <= 0) {
      element.textContent = element.dataset.over || clock(0);
      status.textContent = element.dataset.over || "";
      element.classList.add("over");
      hide(element.dataset.hides, true);
      hide(element.dataset.shows, false);
      if ("reloads" in element.dataset) window.location.reload();
      return;
    }
    element.textContent = clock(left);
    if (!warned && left <= WARN_SECONDS) {
      warned = true;
      status.textContent = element.dataset.warn || "";
    }
    setTimeout(tick, Math.min(1000, (left % 1) * 1000 + 20));
  }
  tick();
}

document.querySelectorAll("time[data-expires]").forEach(run);
