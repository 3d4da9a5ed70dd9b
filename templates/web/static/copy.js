// Copy buttons; without script the text can be selected by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const area = document.getElementById(button.dataset.copy);
    area.select();
    try { await navigator.clipboard.writeText(area.value); button.textContent = "Copied"; }
    catch { button.textContent = "Press Ctrl+C"; }
  });
}
