// While a <form data-busy="Sending…"> is on its way its buttons rest, so a double click sends once, and
// screen readers hear the text of data-busy. The server makes one case of two sendings anyway.

function buttonsOf(form) {
  return form.querySelectorAll("button, input[type=submit]");
}

function setBusy(form, busy) {
  form.toggleAttribute("data-sending", busy);
  form.setAttribute("aria-busy", String(busy));
  // Only marked, not disabled: a disabled button would drop its own name and value, and the focus.
  for (const button of buttonsOf(form)) button.setAttribute("aria-disabled", String(busy));
  form.querySelector("[data-busy-text]").textContent = busy ? form.dataset.busy : "";
}

function prepare(form) {
  const text = document.createElement("p");
  text.dataset.busyText = "";
  text.setAttribute("role", "status");
  form.append(text);
  form.addEventListener("submit", (event) => {
    if (form.hasAttribute("data-sending")) {
      event.preventDefault();
      return;
    }
    setBusy(form, true);
  });
  // Stopped loading, or back by the back button: the form must work again.
  window.addEventListener("pageshow", () => setBusy(form, false));
}

document.querySelectorAll("form[data-busy]").forEach(prepare);
