// The cover tool. Nothing of a photo leaves the device but the copies made in copies.js, in sending.js.
// There is no question "leave this page?" on purpose: it would stand in the way of Exit.

import { copyOf, isTruthful } from "./copies.js";
import { Editor } from "./editor.js";
import { measure } from "./measures.js";
import { CannotOpen, opened } from "./opening.js";
import { element, say, text } from "./page.js";
import { Panel, stepSize } from "./panel.js";
import { Picture } from "./picture.js";
import { Pointing } from "./pointing.js";
import { send, show } from "./sending.js";
import { View } from "./view.js";

const root = element("tool");
const form = element("form");
const chooser = document.getElementById("id_photos");
const limits = Object.fromEntries(Object.entries(root.dataset).map(([name, value]) => [name, Number(value)]));

let pictures = [];
let copies = [];
let sending = false;

const editor = new Editor(new View(element("canvas")), changed);
const panel = new Panel(editor);
new Pointing(element("canvas"), editor, () => stepSize(editor));

// ---- telling ----

function complain(title, sentences) {
  const heading = document.createElement("h3");
  heading.textContent = title;
  const list = document.createElement("ul");
  list.append(...sentences.map((sentence) => Object.assign(document.createElement("li"), { textContent: sentence })));
  element("trouble").replaceChildren(heading, ...(sentences.length ? [list] : []));
  element("trouble").hidden = false;
  element("trouble").focus();
}

function calm() {
  element("trouble").hidden = true;
  element("trouble").replaceChildren();
}

function photoName(picture) {
  return text("photo", { number: pictures.indexOf(picture) + 1 });
}

// With its heading at the top: on a phone all that was asked for would be out of sight otherwise.
function goTo(heading) {
  element(heading).focus({ preventScroll: true });
  element(heading).scrollIntoView();
}

// ---- photos ----

async function add(files) {
  chooser.value = ""; // so that the browser keeps no hold of the file, and the same one can be chosen again
  const problems = [];
  let newest = null;
  root.setAttribute("aria-busy", "true");
  for (const file of files) {
    try {
      if (pictures.length >= limits.photos) throw new CannotOpen("too-many");
      newest = new Picture(await opened(file));
      pictures.push(newest);
    } catch (error) {
      const name = error instanceof CannotOpen ? error.message : "cannot-open";
      problems.push(`${file.name}: ${text(name, { limit: limits.photos })}`);
    }
  }
  root.removeAttribute("aria-busy");
  if (newest) work(newest);
  if (problems.length) complain(text("not-opened"), problems);
}

function work(picture) {
  calm();
  element("work").hidden = element("check").hidden = false;
  editor.open(picture);
  goTo("work-title");
  say("opened", { photo: photoName(picture) });
}

function listPhotos() {
  element("photos").hidden = pictures.length < 2;
  element("photos").replaceChildren(
    ...pictures.map((picture) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button", textContent: photoName(picture) });
      button.setAttribute("aria-pressed", String(picture === editor.picture));
      button.addEventListener("click", () => {
        editor.open(picture);
        element("photos").querySelector("[aria-pressed=true]").focus();
      });
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
}

function drop() {
  const gone = editor.picture;
  pictures = pictures.filter((picture) => picture !== gone);
  if (pictures.length) work(pictures[0]);
  else forgetAll();
  gone.forget();
  say("put-away");
}

function changed(edited) {
  if (edited) {
    calm();
    discardCopies();
  }
  listPhotos();
  panel.list();
  panel.measureSoon();
}

// ---- copies ----

function discardCopies() {
  for (const image of element("copies").querySelectorAll("img")) URL.revokeObjectURL(image.src);
  element("copies").replaceChildren();
  copies = [];
  form.hidden = true;
}

// Whether it went well or not, nothing can be changed in between: what is shown is what is sent.
async function prepare() {
  calm();
  discardCopies();
  root.inert = true;
  try {
    await makeCopies(editor.picture);
  } catch {
    complain(text("untruthful"), []);
  } finally {
    root.inert = false;
  }
  if (copies.length) goTo("copies-title");
  else element("trouble").focus();
}

// One after the other, as each needs the memory of a whole photo.
async function makeCopies(onScreen) {
  const problems = [];
  const made = [];
  for (const picture of pictures) {
    if (picture !== onScreen) picture.wake();
    const { fault } = measure(picture);
    if (fault) problems.push(`${photoName(picture)}: ${text(fault)}`);
    else made.push([picture, await copyOf(picture)]);
    if (picture !== onScreen) picture.rest();
  }
  for (const [picture, { size }] of made.filter(([, copy]) => copy.size > limits.bytes)) {
    const figures = { photo: photoName(picture), megabytes: size / 1e6, limit: limits.bytes / 1e6 };
    problems.push(text("too-heavy", figures));
  }
  const bytes = made.reduce((sum, [, copy]) => sum + copy.size, 0);
  if (bytes > limits.together) {
    problems.push(text("too-heavy-together", { megabytes: bytes / 1e6, limit: limits.together / 1e6 }));
  }
  if (problems.length) {
    complain(text("not-ready"), problems);
    return;
  }
  element("copies").append(...made.map(([picture, copy]) => preview(picture, copy)));
  copies = made.map(([, copy]) => copy);
  form.hidden = false;
  say("ready", { count: copies.length });
}

function preview(picture, copy) {
  const figure = document.createElement("figure");
  const image = new Image();
  image.src = URL.createObjectURL(copy);
  image.alt = text("copy-alt", { photo: photoName(picture) });
  const caption = document.createElement("figcaption");
  const { width, height } = picture;
  caption.textContent = text("copy", { photo: photoName(picture), width, height, megabytes: copy.size / 1e6 });
  const save = document.createElement("a");
  Object.assign(save, { href: image.src, download: "covered.png", textContent: text("save") });
  caption.append(document.createElement("br"), save);
  figure.append(image, caption);
  return figure;
}

// ---- sending ----

async function submit(event) {
  event.preventDefault();
  if (sending || !copies.length) return;
  sending = true;
  calm();
  busy(true);
  const progress = element("progress");
  const { page, sentences } = await send(form, copies, (share) => {
    progress.value = share;
    element("sending").textContent = text(share < 1 ? "sending" : "checking");
  });
  sending = false;
  if (page) {
    forgetAll();
    show(page);
    return;
  }
  busy(false);
  complain(text(sentences.length ? "not-taken" : "no-connection"), sentences);
}

function busy(is) {
  element("work").inert = chooser.disabled = is;
  form.setAttribute("aria-busy", String(is));
  element("progress").hidden = !is;
  element("sending").textContent = is ? text("sending") : "";
  const button = element("send");
  button.setAttribute("aria-disabled", String(is));
  button.textContent = text(is ? "send-busy" : "send-again");
}

// Leaves nothing of the photos in the page.
function forgetAll() {
  discardCopies();
  editor.view.picture = null;
  element("canvas").width = 0;
  pictures.forEach((picture) => picture.forget());
  pictures = [];
  editor.picture = null;
  for (const part of ["work", "check"]) element(part).hidden = true;
}

// ---- the page ----

async function start() {
  const works = await isTruthful();
  element("opening").hidden = true;
  element(works ? "tool" : "untruthful").hidden = false;
}

chooser.addEventListener("change", () => add([...chooser.files]));
element("drop").addEventListener("click", drop);
for (const button of ["on", "prepare"]) element(button).addEventListener("click", prepare);
form.addEventListener("submit", submit);
// A photo dropped beside its place would be opened by the browser, and stand in its history.
for (const type of ["dragover", "drop"]) {
  document.addEventListener(type, (event) => event.preventDefault());
}
document.addEventListener("drop", (event) => {
  if (!element("tool").hidden && event.dataTransfer.files.length) add([...event.dataTransfer.files]);
});
// Browsers keep a page that was left, to come back to it quickly: there shall be nothing to come back to.
window.addEventListener("pagehide", () => {
  forgetAll();
  document.querySelector("main").replaceChildren();
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});

chooser.value = "";
start();
