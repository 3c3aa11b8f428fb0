// What a paper's lines say, as it is sent; and what is wrong with them.
"use strict";
window.sohoa = window.sohoa || {};
sohoa.answers = (() => {
  const { fields, drafts } = sohoa;
  const UNTYPED = ["picture", "acceptance", "none"];
  const lines = (paper) => [...paper.querySelectorAll(".rv-line")];
  const absent = (line) => line.classList.contains("absent");

  function given(paper, all, began) {
    const told = JSON.parse(paper.dataset.carried || "[]");
    for (const line of lines(paper)) {
      const { target, form, shown } = line.dataset;
      const isAsked = line.classList.contains("asked");
      const one = { target, ms: Math.round(began.get(target) || 0), shown };
      if (form === "none" || form === "acceptance") continue;
      if (form === "picture") {
        if (all || line.classList.contains("done")) told.push({ ...one, action: "accept" });
      } else if (absent(line)) told.push({ ...one, action: "absent" });
      else if (fields.value(line) && (fields.changed(line) || (isAsked && (all || line.classList.contains("done"))))) {
        told.push({ ...one, value: fields.value(line), sure: "sure" in line.dataset });
      }
    }
    return told;
  }

  // `sent` are the answers that were looked at: what is typed meanwhile is not what the problem is about.
  function tell(paper, problems, sent) {
    for (const line of lines(paper)) {
      if (line.dataset.offer) continue;
      const { target } = line.dataset;
      const looked = sent.findLast((each) => each.target === target);
      if (looked && looked.action !== "absent" && looked.value !== fields.value(line)) continue;
      const found = problems.find((each) => each.target === target);
      const more = found?.problem === "identifier_unsound" ? ` ${sohoa.talk.said("Sure")}` : "";
      fields.problem(line, found ? found.said + more : "");
      line.dataset.wrong = found?.problem || "";
      line.dataset.wrongValue = found ? fields.value(line) : "";
      if (found) line.classList.remove("done");
    }
  }

  // What was typed before and is not stored; where the question has changed since, it is offered.
  function restore(paper, began) {
    const held = drafts.of(paper.dataset.id);
    for (const line of lines(paper)) {
      const draft = held[line.dataset.target];
      if (!draft || (line.dataset.target === "kind" && paper.dataset.carried)) continue;
      if (draft.shown === line.dataset.shown) {
        fields.fill(line, draft.typed);
        line.classList.toggle("done", draft.state === "done");
        line.classList.toggle("absent", draft.state === "absent");
        if (draft.sure) line.dataset.sure = "";
        began.set(line.dataset.target, draft.ms || 0);
      } else if (draft.typed.some(Boolean)) {
        line.dataset.offer = JSON.stringify(draft.typed);
        fields.problem(line, sohoa.talk.said("Offer").replace("{value}", draft.typed.filter(Boolean).join("/")));
      }
    }
  }

  const wrong = (paper) =>
    lines(paper).find((each) => each.dataset.wrong && !("sure" in each.dataset) && each.dataset.wrongValue === fields.value(each) && !absent(each));

  const empty = (paper) =>
    lines(paper).find((each) => each.classList.contains("asked") && "required" in each.dataset && !UNTYPED.includes(each.dataset.form) && !absent(each) && !fields.value(each));

  return { given, restore, tell, wrong, empty };
})();
