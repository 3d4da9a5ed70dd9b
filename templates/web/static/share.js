// The composer, livelier: lengths while one writes, copying, the device's own share sheet, and the
// Mastodon server, which is remembered in this browser only. Without script a form does all of it.
const composer = document.getElementById("composer");
const final = document.getElementById("final");

// As the networks count; see rolecast/lengths.py, whose figure holds where the two differ.
const LINK = 23;
const ADDRESS = /https?:\/\/\S+/gu;
const SENTENCE = /https?:\/\/\S*[^\s.,;:!?'")\]}]/gu;  // without the full stop after it
const BARE = /(?<![\p{L}\p{N}@.\/_-])(?:[a-z0-9-]+\.)+(?:com|org|net|info|biz|eu|de|at|ch|fr|es|it|nl|be|uk|io|co|dev|app|jobs|example)(?:\/(?:\S*[^\s.,;:!?'")\]}])?)?(?![\p{L}\p{N}@])/giu;
const MENTION = /(@[\p{L}\p{N}_.-]+)@[\p{L}\p{N}_.-]+[\p{L}\p{N}_]/gu;
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|\u20e3/u;
const LIGHT = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]];
const pieces = (text) => window.Intl && Intl.Segmenter
  ? Array.from(new Intl.Segmenter("en").segment(text), (one) => one.segment) : Array.from(text);
const counts = {
  characters: (text) => Array.from(text).length,
  utf16: (text) => text.length,
  graphemes: (text) => pieces(text).length,
  mastodon: (text) => pieces(text.replace(ADDRESS, "x".repeat(LINK)).replace(MENTION, "$1")).length,
  weighted: (text) => pieces(
    text.normalize("NFC").replace(SENTENCE, "x".repeat(LINK)).replace(BARE, "x".repeat(LINK)),
  ).reduce((sum, piece) => {
    if (EMOJI.test(piece)) return sum + 2;
    return sum + Array.from(piece).reduce((all, letter) => {
      const code = letter.codePointAt(0);
      return all + (LIGHT.some(([from, to]) => from <= code && code <= to) ? 1 : 2);
    }, 0);
  }, 0),
};

if (composer) {
  const { words, told, language, server } = composer.elements;
  const live = document.getElementById("live");
  const says = document.getElementById("says");
  const show = () => {
    says.textContent = language.selectedOptions[0].dataset.says;
    says.lang = language.value;
    says.hidden = !told.checked;
    if (!live) return;
    const above = [words.value.trim().replace(/\n{3,}/g, "\n\n"), told.checked ? says.textContent : ""];
    const text = above.filter(Boolean).map((part) => `${part}\n`).join("\n");
    const length = counts[composer.dataset.counts](text) + Number(composer.dataset.link);
    const limit = Number(composer.dataset.limit);
    live.textContent = live.dataset.says.replace("{length}", length).replace("{limit}", limit);
    live.hidden = false;
    live.parentElement.classList.toggle("over", length > limit);
  };
  for (const field of [words, told, language]) field.addEventListener("input", show);
  show();

  if (server) {
    const key = "rolecast-mastodon";
    try {
      server.value ||= localStorage.getItem(key) || "";
      composer.addEventListener("submit", () => localStorage.setItem(key, server.value.trim()));
    } catch { /* this browser keeps nothing */ }
  }
}

for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  if (button.dataset.name) button.textContent = button.dataset.name;
  button.addEventListener("click", async () => {
    const area = document.getElementById(button.dataset.copies);
    let done = false;
    try { await navigator.clipboard.writeText(area.value); done = true; } catch {
      area.select();
      done = document.execCommand("copy");
    }
    if (button.dataset.said) button.textContent = done ? button.dataset.said : button.dataset.failed;
  });
}

const sheet = document.getElementById("sheet");
if (sheet && navigator.share) {
  sheet.hidden = false;
  sheet.addEventListener("click", () => navigator.share({ text: final.value }).catch(() => {}));
}
