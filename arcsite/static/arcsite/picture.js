// A picture that cannot be shown gives way to the words in its data-fallback, and nothing offers to save it.
// Without this script the browser shows the picture's text in its place.

function prepare(picture) {
  const fallback = document.getElementById(picture.dataset.fallback);
  const give = () => {
    picture.closest("figure").hidden = true;
    fallback.hidden = false;
  };
  picture.addEventListener("error", give);
  picture.addEventListener("contextmenu", (event) => event.preventDefault());
  // It may have failed before this script ran.
  if (picture.complete && !picture.naturalWidth) give();
}

document.querySelectorAll("img[data-fallback]").forEach(prepare);
