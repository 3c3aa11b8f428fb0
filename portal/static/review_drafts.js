// What was typed and is not stored yet: kept in this tab, by paper and by what was shown, until the server has it.
"use strict";
window.sohoa = window.sohoa || {};
sohoa.drafts = (() => {
  const PASSED = "review-passed";
  const key = (id) => `review-draft:${id}`;
  const read = (name, otherwise) => JSON.parse(sessionStorage.getItem(name) || "null") || otherwise;
  const write = (name, held) => sessionStorage.setItem(name, JSON.stringify(held));

  const of = (id) => read(key(id), {});
  const drop = (id) => sessionStorage.removeItem(key(id));
  function keep(id, target, held) {
    write(key(id), { ...of(id), [target]: held });
  }
  function forget(id, target) {
    const held = of(id);
    delete held[target];
    if (Object.keys(held).length) write(key(id), held);
    else drop(id);
  }
  const passed = () => read(PASSED, []);
  function pass(id) {
    write(PASSED, [...passed().filter((each) => each !== id), id].slice(-300));
  }
  return { of, keep, forget, drop, passed, pass };
})();
