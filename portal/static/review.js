// Review of papers from the keyboard. What a key does is told by the dialog that `?` opens (docs/portal.md).
"use strict";
(() => {
  const { stage, fields, drafts, pages } = sohoa;
  const { send, notice, said, giveBack } = sohoa.talk;
  const root = document.getElementById("review");
  const place = document.getElementById("sheet");
  const notices = document.getElementById("notices");
  const RENEW = 40_000;
  const PAUSE = 350; // after the last key before the code is asked for
  const pending = new Map(); // papers whose answers are on their way
  let paper; // the article in hand
  let mine = true;
  let ahead = null; // what comes next, asked for
  let waiting = null; // the same once it is here
  let warned = false;
  let asking = 0;
  let timer = 0;
  let began = new Map(); // target -> milliseconds in hand
  let since = 0;

  const lines = () => [...paper.querySelectorAll(".rv-line")];
  const asked = () => lines().filter((each) => each.classList.contains("asked"));
  const lineOf = (node) => node?.closest?.(".rv-line");
  const button = (name) => paper.querySelector(`[data-do="${name}"]`);

  // --- a paper comes to hand -------------------------------------------------------------------------------------

  function open(article) {
    paper = article;
    place.replaceChildren(article);
    mine = !article.dataset.holder;
    warned = false;
    began = new Map();
    lock();
    sohoa.answers.restore(paper, began);
    const first = asked().find((each) => !settled(each)) || asked()[0] || lines()[0];
    if (first) go(first);
    else button("accept").focus();
    window.scrollTo(0, 0);
    const kind = lines().find((each) => each.dataset.target === "kind" && each.classList.contains("done"));
    if (kind && fields.changed(kind) && !article.dataset.carried) reread(kind);
    else foresee();
    if (article.dataset.carried) return;
    ahead = waiting = null;
    if (mine) preload();
  }

  // Another kind has other fields and other codes: the paper is asked about as that kind, before anything is stored.
  async function reread(line) {
    const own = paper;
    const given = answers(false).filter((each) => each.target === "kind");
    const form = { version: paper.dataset.version, answers: JSON.stringify(given) };
    const answer = await send(`/review/${paper.dataset.id}/as`, form).catch(() => null);
    if (own !== paper) return;
    if (!answer?.ok) {
      if (answer?.status === 422) tell((await answer.json()).problems, given);
      return onwards(line);
    }
    const made = document.createElement("template");
    made.innerHTML = await answer.text();
    const article = made.content.querySelector("article");
    article.dataset.carried = JSON.stringify(given);
    open(article);
  }

  function lock() {
    for (const each of paper.querySelectorAll(".rv-line input")) each.readOnly = !mine;
    if (!mine) notice(said("Held").replace("{who}", paper.dataset.holder), "warn");
  }

  function preload(over = false) {
    const busy = [...(over ? [] : [paper.dataset.id]), ...pending.keys()].join(" ");
    const form = { busy, passed: drafts.passed().join(" "), batch: root.dataset.batch, kind: root.dataset.kind, reason: root.dataset.reason };
    const own = paper;
    ahead = send("/review/next", form).then(async (answer) => {
      if (answer.status !== 200) return null;
      const made = document.createElement("template");
      made.innerHTML = await answer.text();
      const article = made.content.querySelector("article");
      waiting = article;
      if (own === paper) for (const each of article.querySelectorAll("img")) new Image().src = each.getAttribute("src");
      return article;
    }).catch(() => null);
  }

  async function next() {
    let article = await ahead;
    if (!article) {
      // What was answered may be asked about once more: a typed number of a code is typed twice.
      await Promise.allSettled([...pending.values()]);
      preload(true);
      article = await ahead;
    }
    if (!article) {
      const link = notices.querySelector("a");
      if (!link) return location.assign("/review" + location.search);
      place.replaceChildren();
      return link.focus();
    }
    history.replaceState(null, "", `/review/${article.dataset.id}${location.search}`);
    open(article);
    hold();
  }

  // --- moving about ----------------------------------------------------------------------------------------------

  function go(line) {
    fields.focus(line);
    line.scrollIntoView({ block: "nearest" });
  }

  function entered(line) {
    since = performance.now();
    stage.show(paper, line);
  }

  function left(line) {
    const target = line.dataset.target;
    began.set(target, (began.get(target) || 0) + performance.now() - since);
    since = performance.now();
  }

  const settled = (line) => line.classList.contains("done") || line.classList.contains("absent");

  function onwards(line) {
    const all = asked();
    const at = all.indexOf(line);
    const following = at < 0 ? lines()[lines().indexOf(line) + 1] : all[at + 1];
    if (following) go(following);
    else button("accept").focus();
  }

  function back(line) {
    const at = line ? lines().indexOf(line) - 1 : lines().length - 1;
    const last = line ? lines()[at] : asked().at(-1) || lines()[at];
    if (last) go(last);
  }

  // --- answers ---------------------------------------------------------------------------------------------------

  function keep(line) {
    if (!fields.changed(line) && !settled(line)) return drafts.forget(paper.dataset.id, line.dataset.target);
    const state = line.classList.contains("absent") ? "absent" : line.classList.contains("done") ? "done" : "";
    const held = { typed: fields.typed(line), shown: line.dataset.shown, state, sure: "sure" in line.dataset, ms: Math.round(began.get(line.dataset.target) || 0) };
    drafts.keep(paper.dataset.id, line.dataset.target, held);
  }

  function accept(line) {
    if (!mine) return onwards(line);
    if (line.dataset.form === "date") {
      const empty = fields.parts(line).find((each) => !each.value);
      if (empty && fields.typed(line).some(Boolean) && document.activeElement !== empty) return empty.focus();
    }
    if (line.dataset.wrong === "identifier_unsound" && line.dataset.wrongValue === fields.value(line)) line.dataset.sure = "";
    line.classList.remove("absent");
    const filled = ["picture", "acceptance"].includes(line.dataset.form) || Boolean(fields.value(line));
    line.classList.toggle("done", filled);
    left(line);
    keep(line);
    if (line.dataset.target === "kind" && filled && fields.changed(line)) return reread(line);
    onwards(line);
    soon();
  }

  function absent(line) {
    if (!mine || ["picture", "acceptance", "none", "choice", "unit"].includes(line.dataset.form)) return;
    line.classList.remove("done");
    line.classList.add("absent");
    left(line);
    keep(line);
    onwards(line);
    soon();
  }

  const answers = (all) => sohoa.answers.given(paper, all, began);
  const tell = (problems, sent) => sohoa.answers.tell(paper, problems, sent);

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(foresee, PAUSE);
  }

  async function foresee() {
    const own = paper;
    const number = ++asking;
    const told = paper.querySelector(".rv-code");
    try {
      const given = answers(true);
      const form = { version: paper.dataset.version, answers: JSON.stringify(given) };
      const answer = await send(`/review/${paper.dataset.id}/foresee`, form);
      if (!answer.ok || own !== paper || number !== asking) return;
      const seen = await answer.json();
      tell(seen.problems, given);
      const code = document.createElement("b");
      code.textContent = seen.code || "";
      const words = seen.said || (seen.linked ? said("Linked") : seen.code ? said("Code") : said("NoCode"));
      told.replaceChildren(words + " ", code);
    } catch {
      told.textContent = "";
    }
  }

  function submit() {
    if (!mine) return notice(said("Held").replace("{who}", paper.dataset.holder), "warn");
    const line = lineOf(document.activeElement);
    if (line) left(line);
    const wrong = sohoa.answers.wrong(paper);
    if (wrong) {
      notice(said("Wrong"), "bad");
      return go(wrong);
    }
    const empty = sohoa.answers.empty(paper);
    if (empty && !warned) {
      warned = true;
      notice(said("Missing"), "warn");
      return go(empty);
    }
    for (const each of lines()) keep(each);
    const { id, version } = paper.dataset;
    const accepts = "accepts" in paper.dataset;
    drafts.pass(id);
    const work = deliver(id, { version, answers: JSON.stringify(answers(true)) }, accepts);
    pending.set(id, work);
    work.finally(() => pending.delete(work));
    next();
  }

  async function deliver(id, form, accepts) {
    notice(said("Saving"));
    let answer;
    try {
      answer = await send(`/review/${id}`, form);
    } catch {
      return notice(said("Network"), "bad", id);
    }
    if (answer.status === 401) return notice(said("SignedOut"), "bad", "login");
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      const words = told.said || (told.problems || []).map((each) => each.said).join(" ") || said("Network");
      return notice(`${words} ${said("Kept")}`, "bad", id);
    }
    drafts.drop(id);
    if (told.accepted) return notice(said("Accepted").replace("{code}", told.code || ""));
    return notice(accepts ? said("Open").replace("{what}", told.open.join(", ")) : said("Handed"), accepts ? "warn" : "");
  }

  async function leave(outcome, reason) {
    const id = paper.dataset.id;
    const answer = await send(`/review/${id}/leave`, { outcome, reason }).catch(() => null);
    if (!answer?.ok) return notice(said("Network"), "bad");
    drafts.pass(id);
    next();
  }

  function skip() {
    const dialog = document.getElementById("why");
    const text = document.getElementById("why-text");
    text.value = "";
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue === "yes" && text.value.trim()) leave("skipped", text.value.trim());
      else lines()[0] && go(lines()[0]);
    };
    dialog.showModal();
    text.focus();
  }

  const help = () => document.getElementById("keys").showModal();

  // --- leases ----------------------------------------------------------------------------------------------------

  async function hold() {
    const own = paper;
    const id = own.dataset.id;
    const answer = await send(`/review/${id}/hold`, { version: own.dataset.version }).catch(() => null);
    if (!answer?.ok || own !== paper) return;
    const told = await answer.json();
    if (told.mine) own.dataset.until = told.until;
    if (told.mine === mine && !told.stale) return;
    if (told.stale || told.mine) return location.replace(`/review/${id}${location.search}`);
    mine = false;
    paper.dataset.holder = told.holder;
    lock();
  }

  setInterval(async () => {
    if (!paper) return;
    await hold();
    const following = await ahead;
    if (!following) return;
    const answer = await send(`/review/${following.dataset.id}/hold`, {}).catch(() => null);
    if (answer?.ok) following.dataset.until = (await answer.json()).until;
  }, RENEW);

  window.addEventListener("pagehide", () => {
    giveBack(paper);
    giveBack(waiting);
  });

  // --- keys ------------------------------------------------------------------------------------------------------

  const ALT = {
    KeyK: (line) => line && absent(line),
    KeyA: (line) => line?.dataset.form === "picture" && accept(line),
    KeyQ: () => leave("rescan", ""),
    KeyB: () => skip(),
    KeyL: (line) => {
      if (!line?.dataset.offer) return;
      fields.fill(line, JSON.parse(line.dataset.offer));
      delete line.dataset.offer;
      fields.problem(line, "");
      keep(line);
    },
    KeyH: () => help(),
    KeyX: () => pages.ask(paper, "turn"),
    KeyT: () => pages.ask(paper, "split"),
    KeyG: () => pages.ask(paper, "join"),
    KeyZ: () => pages.back(),
    ArrowDown: () => stage.pan(1),
    ArrowUp: () => stage.pan(-1),
    PageDown: () => stage.page(paper, 1),
    PageUp: () => stage.page(paper, -1),
  };

  function pressed(event) {
    // An input method is at work: its keys are its own.
    if (event.isComposing || event.keyCode === 229) return;
    if (!paper || document.querySelector("dialog[open]")) return;
    const line = lineOf(event.target);
    const act = reaction(event, line);
    if (!act) return;
    event.preventDefault();
    act();
  }

  function reaction(event, line) {
    const { key, altKey, ctrlKey, metaKey, shiftKey } = event;
    if (altKey && !ctrlKey) return ALT[event.code] && (() => ALT[event.code](line));
    if (key === "Enter" && (ctrlKey || metaKey)) return submit;
    if (ctrlKey || metaKey) return null;
    if (key === "Enter" && shiftKey) return () => back(line);
    if (key === "Enter" && line) return () => accept(line);
    if (key === "Enter" && event.target === button("accept")) return submit;
    if (key === "Escape" && line) return () => { fields.undo(line); drafts.forget(paper.dataset.id, line.dataset.target); soon(); };
    if (key === "?" && line?.dataset.form !== "text") return help;
    const listed = event.target.hasAttribute?.("list");
    if (key === "ArrowDown" && line && !listed) return () => lines()[lines().indexOf(line) + 1] && go(lines()[lines().indexOf(line) + 1]);
    if (key === "ArrowUp" && line && !listed) return () => back(line);
    if (/^[1-9]$/.test(key) && line?.dataset.form === "choice" && mine) return () => fields.pick(line, Number(key)) && accept(line);
    return null;
  }

  document.addEventListener("keydown", pressed);
  place.addEventListener("focusin", (event) => lineOf(event.target) && entered(lineOf(event.target)));
  place.addEventListener("focusout", (event) => lineOf(event.target) && left(lineOf(event.target)));
  place.addEventListener("input", (event) => {
    const line = lineOf(event.target);
    if (!line) return;
    line.classList.remove("done", "absent");
    fields.mark(line);
    keep(line);
    const { form } = line.dataset;
    const at = fields.parts(line).indexOf(event.target);
    if (form === "date" && !event.isComposing && at < 2 && /^\d\d$/.test(event.target.value)) {
      const following = fields.parts(line)[at + 1];
      following.focus();
      following.select();
    }
    soon();
  });
  place.addEventListener("submit", (event) => event.preventDefault());
  place.addEventListener("click", (event) => {
    const what = event.target.closest("[data-do]")?.dataset.do;
    const edits = Object.fromEntries(["turn", "split", "join"].map((act) => [act, () => pages.ask(paper, act)]));
    const does = { accept: submit, skip, rescan: () => leave("rescan", ""), help, ...edits }[what];
    const line = lineOf(event.target);
    const choice = event.target.closest(".rv-choices li");
    if (does) does();
    else if (choice && mine) {
      fields.pick(line, [...choice.parentElement.children].indexOf(choice) + 1);
      accept(line);
    } else if (event.target.tagName === "BUTTON" && line) accept(line);
  });
  window.addEventListener("load", () => stage.show(paper, lineOf(document.activeElement)));
  open(place.querySelector("article"));
})();
