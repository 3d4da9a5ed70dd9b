// Says how many boxes are ticked, and ticks a row of them with Shift. The form works without.
(() => {
  const form = document.getElementById("grid");
  if (!form) return;
  const told = form.querySelector("output[data-count]");
  const boxes = () => [...form.querySelectorAll("input[name=cell], input[name=job]")];
  const count = () => {
    const number = boxes().filter((box) => box.checked).length;
    told.value = number ? told.dataset.count.replace("{}", number) : "";
  };
  let last = null;
  form.addEventListener("click", (event) => {
    if (!event.target.matches("input[name=cell]")) return;
    const all = [...form.querySelectorAll("input[name=cell]")];
    const here = all.indexOf(event.target);
    if (event.shiftKey && last !== null) {
      const [from, to] = [Math.min(last, here), Math.max(last, here)];
      for (const box of all.slice(from, to + 1)) box.checked = event.target.checked;
    }
    last = here;
  });
  form.addEventListener("click", count);
  form.addEventListener("change", count);
  document.addEventListener("live", count);
  count();
})();
