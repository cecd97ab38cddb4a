// The parts of the page, and its words in its own language: <p data-text="name"> in <template id="paint-words">.

const elements = new Map([...document.querySelectorAll("[id^=paint-]")].map((part) => [part.id.slice(6), part]));
const source = elements.get("words").content.querySelectorAll("[data-text]");
const words = new Map([...source].map((sentence) => [sentence.dataset.text, sentence.textContent]));
const numbers = new Intl.NumberFormat(document.documentElement.lang || "en", { maximumFractionDigits: 1, numberingSystem: "latn" });

// By its id without "paint-"; also after another content took the page's place.
export function element(name) {
  return elements.get(name);
}

export function text(name, values = {}) {
  return words.get(name).replace(/\{(\w+)\}/g, (_, key) => {
    const value = values[key];
    return typeof value === "number" ? numbers.format(value) : value;
  });
}

// Shown under the photo, and said by screen readers.
export function say(name, values) {
  element("said").textContent = text(name, values);
}

export function nameOf(shape) {
  return text(shape.kind, { number: shape.number });
}
