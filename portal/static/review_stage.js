// The picture of the page: shows the box of the field in hand and glides there at reading zoom.
"use strict";
window.sohoa = window.sohoa || {};
sohoa.stage = (() => {
  const LETTERS = 30; // pixels a printed line should be high on the screen
  const MOST = 3;
  let place = { figure: null, x: 0, y: 0, scale: 1 };

  const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

  function move(figure, x, y, scale) {
    const stage = figure.parentElement;
    const width = stage.clientWidth * scale;
    const height = figure.offsetHeight * scale;
    x = clamp(x, Math.min(0, stage.clientWidth - width), 0);
    y = clamp(y, Math.min(0, stage.clientHeight - height), 0);
    figure.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    place = { figure, x, y, scale };
  }

  function turnTo(root, number) {
    const figures = [...root.querySelectorAll(".rv-page")];
    const figure = figures.find((each) => each.dataset.page === number) || figures.find((each) => !each.hidden);
    for (const each of figures) each.hidden = each !== figure;
    return figure;
  }

  function show(root, line) {
    const figure = turnTo(root, line?.dataset.page);
    if (!figure) return;
    const frame = figure.querySelector(".rv-box");
    const box = line?.dataset.box?.split(",").map(Number);
    frame.hidden = !box;
    if (!box) return move(figure, 0, 0, 1);
    const [left, top, width, height] = box;
    const margin = height * 0.25;
    frame.style.left = `${left * 100}%`;
    frame.style.top = `${(top - margin) * 100}%`;
    frame.style.width = `${width * 100}%`;
    frame.style.height = `${(height + 2 * margin) * 100}%`;
    const stage = figure.parentElement;
    const [w, h] = [stage.clientWidth, figure.offsetHeight];
    const scale = clamp(Math.min((0.88 * w) / (width * w), LETTERS / (height * h)), 1, MOST);
    move(figure, w / 2 - (left + width / 2) * w * scale, stage.clientHeight * 0.4 - (top + height / 2) * h * scale, scale);
  }

  function pan(down) {
    const { figure, x, y, scale } = place;
    if (figure) move(figure, x, y - down * figure.parentElement.clientHeight * 0.4, scale);
  }

  function page(root, step) {
    const figures = [...root.querySelectorAll(".rv-page")];
    const at = figures.findIndex((each) => !each.hidden) + step;
    if (!figures[at]) return;
    turnTo(root, figures[at].dataset.page).querySelector(".rv-box").hidden = true;
    move(figures[at], 0, 0, 1);
  }

  return { show, pan, page };
})();
