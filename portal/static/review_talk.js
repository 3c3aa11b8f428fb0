// What the page says to the server, and what it tells the person.
"use strict";
window.sohoa = window.sohoa || {};
sohoa.talk = (() => {
  const root = document.getElementById("review");
  const notices = document.getElementById("notices");
  const token = document.querySelector('input[name="token"]').value;
  const said = (key) => root.dataset["said" + key];

  function send(path, form) {
    const body = new URLSearchParams(form);
    return fetch(path, { method: "POST", body, headers: { "X-Form-Token": token, "HX-Request": "true" }, keepalive: true });
  }

  function notice(text, tone = "", id = "") {
    const made = document.createElement("p");
    made.className = `notice ${tone}`;
    made.textContent = text;
    if (id) {
      notices.querySelector(`a[href$="${id}"]`)?.parentElement.remove();
      const link = document.createElement("a");
      link.href = id === "login" ? "/login" : `/review/${id}`;
      link.textContent = ` ${id === "login" ? "→" : said("Reopen")}`;
      made.append(link);
    }
    notices.replaceChildren(...[...notices.children].filter((each) => each.querySelector("a")), made);
    return made;
  }

  // A page that is closed gives back what it has in hand; one that is loaded again has taken it anew by then.
  function giveBack(article) {
    if (!article || article.dataset.holder) return;
    navigator.sendBeacon(`/review/${article.dataset.id}/leave`, new URLSearchParams({ token, until: article.dataset.until }));
  }

  return { send, notice, said, giveBack };
})();
