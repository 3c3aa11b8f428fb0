// Pages turned, split and joined: asked once with the reason, done by the server, taken back with one key.
"use strict";
window.sohoa = window.sohoa || {};
sohoa.pages = (() => {
  const BACK = "review-page-back";
  const { send, notice, said } = sohoa.talk;
  const dialog = document.getElementById("page-work");
  const text = document.getElementById("page-why");
  const shown = (paper) => paper.querySelector(".rv-page:not([hidden])")?.dataset.page;
  let busy = false;

  function confirm(words, reason, then) {
    const focus = document.activeElement;
    document.getElementById("page-work-head").textContent = words;
    text.value = reason;
    dialog.returnValue = "";
    dialog.onclose = () => {
      focus?.focus?.({ preventScroll: true });
      if (dialog.returnValue === "yes" && text.value.trim()) then(text.value.trim());
    };
    dialog.showModal();
    text.focus();
    text.select();
  }

  function ask(paper, act) {
    const page = shown(paper);
    if (!page || busy) return;
    if (paper.dataset.holder) return notice(said("Held").replace("{who}", paper.dataset.holder), "warn");
    if (act === "split" && page === paper.querySelector(".rv-page").dataset.page) return notice(said("SplitFirst"), "warn");
    const words = dialog.dataset[`ask${act[0].toUpperCase()}${act.slice(1)}`].replace("{page}", page);
    const told = { act, page, version: paper.dataset.version, by: 90 };
    confirm(words, dialog.dataset[`why${act[0].toUpperCase()}${act.slice(1)}`], (reason) => work(paper.dataset.id, { ...told, reason }));
  }

  function back() {
    const held = JSON.parse(sessionStorage.getItem(BACK) || "null");
    if (!held || busy) return notice(said("NoBack"), "warn");
    const { id, ...told } = held;
    confirm(dialog.dataset.askBack, dialog.dataset.whyBack, (reason) => work(id, { ...told, reason }, true));
  }

  async function work(id, told, isBack = false) {
    busy = true;
    notice(said("Saving"));
    const answer = await send(`/review/${id}/pages`, told).catch(() => null);
    busy = false;
    if (answer?.status === 401) return notice(said("SignedOut"), "bad", "login");
    const made = await answer?.json().catch(() => null);
    if (!answer?.ok) return notice(made?.said || said("Network"), "bad");
    if (made.back && !isBack) sessionStorage.setItem(BACK, JSON.stringify(made.back));
    else sessionStorage.removeItem(BACK);
    sessionStorage.setItem("review-said", made.said);
    location.assign(`/review/${made.id}${location.search}`);
  }

  const before = sessionStorage.getItem("review-said");
  if (before) notice(before);
  sessionStorage.removeItem("review-said");
  return { ask, back };
})();
