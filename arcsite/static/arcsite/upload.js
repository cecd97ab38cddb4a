// Sends a <form data-busy="Sending…"> without leaving its page: when the connection is lost, the chosen photos are
// still chosen and the form is still the same one, so that pressing the button again sends nothing twice. While it
// is on its way its buttons rest, and screen readers hear the text of data-busy. Without script the browser does it.
// The photos are those of the form's own field, chosen as covered; the cover tool's page uses none of this.

import { ask, sentencesOf, show } from "./paint/sending.js";

// Answers that take the page's place: a receipt, the page after it, what is to be mended, what we have already.
const PAGES = [200, 409, 422];

function setBusy(form, busy) {
  form.toggleAttribute("data-sending", busy);
  form.setAttribute("aria-busy", String(busy));
  // Only marked, not disabled: a disabled button would drop its own name and value, and the focus.
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", String(busy));
  form.querySelector("[data-busy-text]").textContent = busy ? form.dataset.busy : "";
  form.querySelector("progress").hidden = !busy;
}

function takeItsPlace(page, url) {
  show(page);
  window.history.replaceState(null, "", new URL(url).pathname);
  document.getElementById("error-summary")?.focus();
  prepareAll();
}

// Says what went wrong above the form, which stays as it is.
function tell(sentences) {
  const trouble = document.getElementById("send-trouble");
  trouble.querySelector("[data-lost]").hidden = sentences.length > 0;
  trouble.querySelector("ul").replaceChildren(
    ...sentences.map((sentence) => Object.assign(document.createElement("li"), { textContent: sentence })),
  );
  trouble.hidden = false;
  trouble.focus();
}

async function send(form) {
  const progress = form.querySelector("progress");
  document.getElementById("send-trouble").hidden = true;
  setBusy(form, true);
  try {
    const { status, page, url } = await ask(form, [], (share) => { progress.value = share; });
    if (page && PAGES.includes(status)) takeItsPlace(page, url);
    else tell(page ? sentencesOf(page) : []);
  } catch {
    tell([]);
  } finally {
    setBusy(form, false);
  }
}

function prepare(form) {
  const text = Object.assign(document.createElement("p"), { role: "status" });
  text.dataset.busyText = "";
  const progress = Object.assign(document.createElement("progress"), { max: 1, value: 0, hidden: true });
  progress.className = "meter";
  progress.setAttribute("aria-label", form.dataset.busy);
  form.append(text, progress);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!form.hasAttribute("data-sending")) send(form);
  });
}

function prepareAll() {
  document.querySelectorAll("form[data-busy]").forEach(prepare);
}

prepareAll();
