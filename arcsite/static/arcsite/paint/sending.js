// Sends a form with the covered copies beside it (the cover tool), or with the files in a field of its own (the
// plain page, upload.js). The page stays, so that nothing is lost when the connection is.

const STALLED_MS = 120_000;

// Resolves to the server's answer, a document, its status and address; rejects when there is none.
export function ask(form, copies, onProgress) {
  const data = new FormData(form);
  // The only place where a picture of the cover tool is put into anything that leaves.
  copies.forEach((copy, index) => data.append("photos", copy, `covered-${index + 1}.png`));
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.responseType = "document";
    let patience;
    const wait = () => {
      clearTimeout(patience);
      patience = setTimeout(() => request.abort(), STALLED_MS);
    };
    request.upload.onprogress = ({ loaded, total }) => {
      wait();
      onProgress(total ? loaded / total : 0);
    };
    request.onload = () => resolve({ status: request.status, page: request.response, url: request.responseURL });
    request.onerror = request.onabort = () => reject(new Error("no answer"));
    request.onloadend = () => clearTimeout(patience);
    wait();
    request.send(data);
  });
}

// Sentences of an answer that is no receipt: the problems it lists, or what its page says.
export function sentencesOf(page) {
  const problems = [...page.querySelectorAll("#error-summary li")];
  const told = problems.length ? problems : [...page.querySelectorAll("main h1, main p:not(:has(.button))")];
  return told.map((element) => element.textContent.trim());
}

// Takes the place of this page's content, as if the browser had gone there; no address, no history.
export function show(page) {
  document.title = page.title;
  const main = document.importNode(page.querySelector("main"), true);
  document.querySelector("main").replaceWith(main);
  // A receipt is shown once, so its page offers no other language: following that would lose it.
  if (!page.getElementById("languages")) document.getElementById("languages")?.remove();
  for (const { src } of page.querySelectorAll("head script[type=module][src]")) {
    if ([...document.scripts].some((script) => script.src === src)) continue;
    document.head.append(Object.assign(document.createElement("script"), { type: "module", src }));
  }
  window.scrollTo(0, 0);
  main.focus();
}

// The page of the receipt; or the sentences that say why there is none, [] when there was no connection.
export async function send(form, copies, onProgress) {
  let answer;
  try {
    answer = await ask(form, copies, onProgress);
  } catch {
    return { sentences: [] };
  }
  const { status, page } = answer;
  if (!page) return { sentences: [] };
  if (status === 200 || status === 409) return { page };
  for (const name of ["token", "csrfmiddlewaretoken"]) {
    const fresh = page.querySelector(`main [name=${name}]`);
    if (fresh) form.elements[name].value = fresh.value;
  }
  return { sentences: sentencesOf(page) };
}
