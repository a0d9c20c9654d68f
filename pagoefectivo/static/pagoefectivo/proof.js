/* Looking closer at a receipt: larger, smaller, turned, and as it was. Without this script the picture opens at full size. */
(() => {
  "use strict";
  const viewer = document.querySelector(".pe-viewer");
  const sheet = viewer.querySelector(".pe-sheet");
  const picture = sheet.querySelector("img");
  const tools = document.querySelector(".pe-tools");
  const told = tools.querySelector("output");
  const [width, height] = [Number(picture.getAttribute("width")), Number(picture.getAttribute("height"))];
  const LARGEST = 8;
  let zoom = 1;
  let turn = 0;

  const draw = () => {
    const lies = turn % 180 !== 0;
    const fit = Math.min(1, viewer.clientWidth / (lies ? height : width));
    const [wide, high] = [width * fit * zoom, height * fit * zoom];
    const moved = { 0: [0, 0], 90: [high, 0], 180: [wide, high], 270: [0, wide] }[turn];
    picture.style.width = `${wide}px`;
    picture.style.height = `${high}px`;
    picture.style.transform = `translate(${moved[0]}px, ${moved[1]}px) rotate(${turn}deg)`;
    sheet.style.width = `${lies ? high : wide}px`;
    sheet.style.height = `${lies ? wide : high}px`;
    told.textContent = `${Math.round(zoom * 100)} % · ${turn}°`;
  };

  const acts = {
    larger: () => { zoom = Math.min(zoom * 1.5, LARGEST); },
    smaller: () => { zoom = Math.max(zoom / 1.5, 1); },
    left: () => { turn = (turn + 270) % 360; },
    right: () => { turn = (turn + 90) % 360; },
    reset: () => { [zoom, turn] = [1, 0]; },
  };

  const act = (name) => {
    const middle = [
      (viewer.scrollLeft + viewer.clientWidth / 2) / viewer.scrollWidth,
      (viewer.scrollTop + viewer.clientHeight / 2) / viewer.scrollHeight,
    ];
    acts[name]();
    draw();
    viewer.scrollTo(middle[0] * viewer.scrollWidth - viewer.clientWidth / 2, middle[1] * viewer.scrollHeight - viewer.clientHeight / 2);
  };

  const KEYS = { "+": "larger", "=": "larger", "-": "smaller", l: "left", r: "right", 0: "reset" };
  tools.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) act(button.dataset.act);
  });
  viewer.addEventListener("keydown", (event) => {
    const name = KEYS[event.key.toLowerCase()];
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(name);
  });
  window.addEventListener("resize", draw);
  viewer.classList.add("pe-viewer--live");
  viewer.tabIndex = 0;
  tools.hidden = false;
  draw();
})();
