// The answer to a form stands in the browser's history together with what was sent: names of files, hidden
// fields. In its place, the same page without any of it; reloading then asks for a fresh form.

window.history.replaceState(null, "", window.location.pathname);
