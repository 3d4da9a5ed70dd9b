// Problems and previews while one types; a dropped file is read into the field. Without script the
// two buttons do the same.
const form = document.getElementById("author");
const text = document.getElementById("text");
const found = document.getElementById("found");
let timer, asked = 0;

async function look() {
  const mine = ++asked;
  const body = new URLSearchParams(new FormData(form));
  try {
    const answer = await fetch("/desk/write/look", { method: "POST", body });
    if (answer.ok && mine === asked) found.innerHTML = await answer.text();
  } catch { /* the server is away; the next letter tries again */ }
}
form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 350); });

for (const name of ["dragover", "drop"]) text.addEventListener(name, (event) => event.preventDefault());
text.addEventListener("drop", async (event) => {
  const file = event.dataTransfer.files[0];
  if (file && file.size <= Number(text.maxLength)) {
    text.value = await file.text();
    const name = document.getElementById("name");
    if (name && !name.value) name.value = file.name.replace(/\.ya?ml$/, "");
  } else if (!file) {
    text.setRangeText(event.dataTransfer.getData("text"), text.selectionStart, text.selectionEnd, "end");
  }
  look();
});

// From a problem to its line.
found.addEventListener("click", (event) => {
  const line = Number(event.target.dataset?.line);
  if (!line) return;
  event.preventDefault();
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(start, start + (lines[line - 1] || "").length);
  text.scrollTop = (line - 3) * (text.scrollHeight / Math.max(lines.length, 1));
});
