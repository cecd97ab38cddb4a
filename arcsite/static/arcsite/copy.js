// <button data-copies="id" data-says="id" data-done="…" data-failed="…" hidden>: copies the text of one element
// and says in the other, a role=status, whether it worked. Hidden without script.

// The button has what to say in data-done and data-failed.
export async function copy(text, button, said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = button.dataset.done;
  } catch {
    said.textContent = button.dataset.failed;
  }
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  const [source, said] = [button.dataset.copies, button.dataset.says].map((id) => document.getElementById(id));
  button.hidden = false;
  button.addEventListener("click", () => copy(source.textContent.trim(), button, said));
}
