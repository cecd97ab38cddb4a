// Shows the page's print button, which needs script, and makes it work.

const button = document.getElementById("print-page");
button.hidden = false;
button.addEventListener("click", () => window.print());
