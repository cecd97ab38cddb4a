// The reviewer's keys. A key presses the control that names it in aria-keyshortcuts and nothing else, so
// every step stays a plain form. Dead while somebody types, chooses from a list or holds a modifier, in the
// middle of a composed character, when a key repeats, and while a dialog is open or a form is on its way.
//
// data-needs on a button names what must be filled in first (ids, in order): the key then leads there.
// data-hold on a control names the class of the element around it that is "held" as long as the key is.

const TYPING = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]";
const DEAD_MODIFIERS = ["Alt", "AltGraph", "Control", "Meta"];
const COMPOSING = 229; // what Safari says instead of isComposing

let onItsWay = false;
let held = null;

function letterOf(event) {
  if (event.key.length !== 1) return "";
  // On a keyboard of another script the letter stands where Latin has it.
  const key = event.key > "~" && /^Key[A-Z]$/.test(event.code) ? event.code.slice(3) : event.key;
  const letter = key.toLowerCase();
  return event.shiftKey && /[a-z]/.test(letter) ? "" : letter;
}

function isMeant(event) {
  if (event.defaultPrevented || event.repeat || event.isComposing || event.keyCode === COMPOSING) return false;
  if (DEAD_MODIFIERS.some((modifier) => event.getModifierState(modifier))) return false;
  return !onItsWay && !event.target.closest(TYPING) && !document.querySelector("dialog[open]");
}

function controlOf(letter) {
  const controls = [...document.querySelectorAll("[aria-keyshortcuts]")];
  return controls.find((control) => control.getAttribute("aria-keyshortcuts") === letter && control.getClientRects().length);
}

function missing(control) {
  const needed = (control.dataset.needs ?? "").split(" ").filter(Boolean).map((id) => document.getElementById(id));
  for (const element of needed) {
    if (element.matches("textarea")) {
      if (!element.value.trim()) return element;
    } else if (!element.querySelector("input:checked")) return element.querySelector("input");
  }
  return null;
}

function press(control) {
  const first = missing(control);
  if (first) {
    const say = document.getElementById("keys-say");
    say.textContent = first.matches("textarea") ? say.dataset.reason : say.dataset.clause;
    first.focus();
  } else {
    control.click();
  }
}

function hold(control) {
  held = control.closest(`.${control.dataset.hold}`);
  held.classList.add("held");
}

function letGo() {
  held?.classList.remove("held");
  held = null;
}

function prepareHelp(dialog) {
  for (const opener of document.querySelectorAll(`[data-opens="${dialog.id}"]`)) {
    opener.hidden = false;
    opener.addEventListener("click", () => dialog.showModal());
  }
  dialog.querySelector("[data-closes]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "?") return;
    event.preventDefault();
    dialog.close();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && event.target.matches("textarea")) event.target.blur();
  const control = isMeant(event) && controlOf(letterOf(event));
  if (!control) return;
  event.preventDefault();
  if (control.dataset.hold) hold(control);
  else press(control);
});
document.addEventListener("keyup", letGo);
window.addEventListener("blur", letGo);
document.addEventListener("submit", () => { onItsWay = true; });
window.addEventListener("pageshow", () => { onItsWay = false; });
document.querySelectorAll("dialog[data-help]").forEach(prepareHelp);
