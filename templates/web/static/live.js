// Keeps what stands in [data-live] as it is on the server, without a reload: focus, typed text,
// ticked boxes and what was opened stay. The page works without this, too.
(() => {
  const FIRST = 300, MOST = 3000, AGAIN = 30000; // ms: between two looks, and after a refusal
  const parts = () => [...document.querySelectorAll("[data-live]")];
  if (!window.EventSource || !window.Idiomorph || !parts().length) return;
  const page = new URL(location.href);
  page.searchParams.delete("said");
  page.hash = "";
  const meta = document.querySelector('meta[name="live"]'), stale = meta.dataset.stale;
  let mark = meta.content;
  let source = null, waiting = 0, looked = 0, changed = new Set();

  const typed = (field) => field.matches("input:not([type=hidden]), textarea")
    && !field.matches("[type=checkbox], [type=radio]") && field.value !== field.defaultValue;
  const touched = (field) => typed(field)
    || (field.matches("[type=checkbox], [type=radio]") && field.checked !== field.defaultChecked)
    || (field.matches("option") && field.selected !== field.defaultSelected);

  const callbacks = {
    beforeAttributeUpdated: (name, node) => {
      if (name === "open" && node.matches("details")) return false;
      if (["value", "checked", "selected"].includes(name) && touched(node)) return false;
    },
    // Somebody is writing there: it stays until they have sent it, and the answer says why not.
    beforeNodeRemoved: (node) => {
      if (node.nodeType !== 1) return;
      const fields = [node, ...node.querySelectorAll("input, textarea")];
      if (!fields.some(typed)) return;
      if (!node.classList.contains("stale")) {
        const said = Object.assign(document.createElement("p"), { className: "wrong", textContent: stale });
        said.setAttribute("role", "alert");
        node.prepend(said);
      }
      node.classList.add("stale");
      return false;
    },
  };

  async function look() {
    waiting = 0;
    looked = Date.now();
    const topics = changed;
    changed = new Set();
    let fresh;
    try {
      const answer = await fetch(page, { cache: "no-cache", credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { return; } // the next change looks again
    for (const old of parts()) {
      if (!topics.has("all") && !old.dataset.live.split(" ").some((one) => topics.has(one))) continue;
      const now = fresh.getElementById(old.id);
      if (now) Idiomorph.morph(old, now, { morphStyle: "outerHTML", ignoreActiveValue: true, callbacks });
    }
    document.dispatchEvent(new Event("live"));
  }

  function soon(topics) {
    const asked = new Set(parts().flatMap((part) => part.dataset.live.split(" ")));
    for (const one of topics) if (one === "all" || asked.has(one)) changed.add(one);
    if (!changed.size || waiting) return;
    const wait = Math.min(MOST, Math.max(FIRST, 1000 - (Date.now() - looked)));
    waiting = setTimeout(look, wait);
  }

  function open() {
    if (source || document.hidden) return;
    source = new EventSource(`/desk/events?since=${encodeURIComponent(mark)}`);
    source.addEventListener("mark", (event) => { mark = event.lastEventId; });
    source.addEventListener("changed", (event) => {
      mark = event.lastEventId;
      soon(event.data.split(" "));
    });
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself
      close();
      setTimeout(open, AGAIN);
    };
  }

  function close() {
    if (source) source.close();
    source = null;
  }

  // A browser has few connections to one host: hidden pages give theirs back.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
})();
