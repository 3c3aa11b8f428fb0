// A carpet: arrows move, space or a click marks the odd ones out, Enter confirms the rest.
"use strict";
(() => {
  const form = document.getElementById("carpet");
  const notices = document.getElementById("notices");
  const SAID = "carpet-said";
  const tell = (words) => {
    const made = document.createElement("p");
    made.className = "notice";
    made.textContent = words;
    notices.replaceChildren(made);
  };
  const before = sessionStorage.getItem(SAID);
  if (before) tell(before);
  sessionStorage.removeItem(SAID);
  if (!form) return;
  const token = document.querySelector('input[name="token"]').value;
  const RENEW = 40_000;
  const began = performance.now();
  let away = false; // what is here is given back already, or on its way
  let busy = false;
  const every = () => [...form.querySelectorAll(".piece")];
  const pieces = () => every().filter((each) => !each.disabled);
  const odd = (piece) => piece.getAttribute("aria-pressed") === "true";
  const confirm = document.getElementById("confirm");

  function send(path, told) {
    return fetch(path, { method: "POST", body: new URLSearchParams(told), headers: { "X-Form-Token": token, "HX-Request": "true" } });
  }

  function count() {
    const left = pieces().filter((each) => !odd(each)).length;
    confirm.firstChild.textContent = `${form.dataset.saidConfirm.replace("{count}", left)} `;
  }

  function toggle(piece) {
    piece.setAttribute("aria-pressed", String(!odd(piece)));
    count();
  }

  function move(piece, key) {
    const all = pieces();
    const at = all.indexOf(piece);
    const columns = Math.max(1, all.filter((each) => each.offsetTop === all[0].offsetTop).length);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key];
    const following = key === "Home" ? all[0] : key === "End" ? all.at(-1) : all[at + step];
    following?.focus();
  }

  async function submit() {
    if (busy) return;
    busy = true;
    tell(form.dataset.saidSaving);
    const told = pieces().map((each) => ({ id: each.dataset.id, target: each.dataset.target, version: Number(each.dataset.version), shown: each.dataset.shown, odd: odd(each) }));
    const answer = await send("/carpets", { pieces: JSON.stringify(told), ms: Math.round(performance.now() - began) }).catch(() => null);
    busy = false;
    if (answer?.status === 401) return location.assign("/login");
    const words = (await answer?.json().catch(() => null))?.said || form.dataset.saidNetwork;
    if (!answer?.ok) return tell(words);
    away = true;
    sessionStorage.setItem(SAID, words);
    location.reload();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  form.addEventListener("click", (event) => {
    const piece = event.target.closest(".piece");
    if (piece) toggle(piece);
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.altKey || event.ctrlKey || event.metaKey) return;
    const piece = event.target.closest?.(".piece");
    if (piece && /^(Arrow|Home$|End$)/.test(event.key)) {
      event.preventDefault();
      move(piece, event.key);
    } else if (event.key === "Enter" && piece) {
      event.preventDefault();
      submit();
    }
  });

  setInterval(async () => {
    const ids = every().map((each) => each.dataset.id).join(" ");
    const answer = await send("/carpets/hold", { ids }).catch(() => null);
    if (!answer?.ok) return;
    const { mine, until } = await answer.json();
    form.dataset.until = until;
    for (const each of every()) {
      if (mine.includes(each.dataset.id)) continue;
      each.disabled = true;
      each.querySelector(".mark").textContent = form.dataset.saidLost;
    }
    count();
  }, RENEW);

  window.addEventListener("pagehide", () => {
    if (away) return;
    const ids = every().map((each) => each.dataset.id).join(" ");
    navigator.sendBeacon("/carpets/leave", new URLSearchParams({ token, ids, until: form.dataset.until }));
  });
  every()[0].focus();
})();
