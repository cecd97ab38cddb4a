// The receipt's secret is veiled until it is asked for, in case somebody looks over the shoulder, and both can be
// copied, printed or saved. Without script it just stands there, to be written down.

import { copy } from "./copy.js";

const tools = document.getElementById("receipt-tools");
const said = document.getElementById("receipt-said");
const secret = document.getElementById("case-secret");
const number = document.getElementById("case-number");

function veil(reveal) {
  const words = [reveal.textContent, reveal.dataset.shown];
  const set = (veiled) => {
    secret.classList.toggle("veiled", veiled);
    reveal.setAttribute("aria-pressed", String(!veiled));
    reveal.textContent = words[veiled ? 0 : 1];
  };
  set(true);
  reveal.addEventListener("click", () => set(!secret.classList.contains("veiled")));
}

// One of each, a line apart, with the words of the page's language in front.
function asText(save) {
  const { number: numberWord, secret: secretWord, address } = save.dataset;
  const lines = [`${numberWord}: ${number.textContent}`, `${secretWord}: ${secret.textContent}`, address];
  return `${lines.join("\n")}\n`;
}

function prepare() {
  const save = document.getElementById("receipt-save");
  const copyButton = document.getElementById("receipt-copy");
  veil(document.getElementById("receipt-reveal"));
  copyButton.addEventListener("click", () => copy(asText(save), copyButton, said));
  document.getElementById("receipt-print").addEventListener("click", () => window.print());
  save.href = URL.createObjectURL(new Blob([asText(save)], { type: "text/plain" }));
  tools.hidden = false;
}

if (tools) prepare();
