// <button data-copies="id" data-says="id" data-done="…" data-failed="…" hidden>: copies the text of one element
// and says in the other, a role=status, whether it worked. Hidden without script.

async function copy(button, said) {
  const text = document.getElementById(button.dataset.copies).textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = button.dataset.done;
  } catch {
    said.textContent = button.dataset.failed;
  }
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  const said = document.getElementById(button.dataset.says);
  button.hidden = false;
  button.addEventListener("click", () => copy(button, said));
}
