// One line of the paper: what is typed in it, whether it has changed, and how it is put back.
"use strict";
window.sohoa = window.sohoa || {};
sohoa.fields = (() => {
  const parts = (line) => [...line.querySelectorAll("[data-part]")];
  const typed = (line) => parts(line).map((each) => (each.tagName === "INPUT" ? each.value.trim() : ""));
  const printed = (line) => parts(line).map((each) => (each.tagName === "INPUT" ? each.defaultValue.trim() : ""));
  const changed = (line) => typed(line).some((each, at) => each !== printed(line)[at]);
  const plain = (text) => text.normalize("NFC").toLocaleLowerCase("vi");

  function value(line) {
    const held = typed(line);
    switch (line.dataset.form) {
      case "date":
        return held.every(Boolean) ? held.join("/") : "";
      case "number":
        // Who types a stroke types the whole number; the printed suffix then no longer holds.
        return held[0] && !held[0].includes("/") ? held[0] + line.dataset.suffix : held[0];
      case "choice": {
        const found = choices(line).find((each) => plain(each.textContent) === plain(held[0]));
        return found ? found.dataset.value : held[0];
      }
      default:
        return held[0] || "";
    }
  }

  const choices = (line) => [...line.querySelectorAll(".rv-choices li")];

  function mark(line) {
    const now = value(line);
    for (const each of choices(line)) each.classList.toggle("on", each.dataset.value === now);
    line.querySelector(".rv-suffix")?.classList.toggle("off", typed(line)[0].includes("/"));
  }

  function pick(line, number) {
    const chosen = choices(line)[number - 1];
    if (!chosen) return false;
    parts(line)[0].value = chosen.textContent;
    mark(line);
    return true;
  }

  function fill(line, held) {
    parts(line).forEach((each, at) => {
      if (each.tagName === "INPUT" && held[at] !== undefined) each.value = held[at];
    });
    mark(line);
  }

  function undo(line) {
    fill(line, printed(line));
    line.classList.remove("done", "absent");
    delete line.dataset.sure;
    problem(line, "");
    focus(line);
  }

  function focus(line) {
    const all = parts(line);
    const first = all.find((each) => each.tagName === "INPUT" && !each.value) || all[0];
    first.focus({ preventScroll: true });
    if (first.tagName !== "INPUT") return;
    const [from, to] = line.dataset.select.split(",").map(Number);
    if (line.dataset.form === "date" || line.dataset.form === "choice" || changed(line)) first.select();
    else first.setSelectionRange(from, Math.min(to, first.value.length));
  }

  function problem(line, said) {
    const place = line.querySelector(".rv-problem");
    place.textContent = said;
    place.hidden = !said;
    for (const each of parts(line)) each.toggleAttribute("aria-invalid", Boolean(said));
  }

  return { parts, typed, changed, value, mark, pick, fill, undo, focus, problem };
})();
