/* Keeps the voucher page true without a reload. Every word comes from the server; only the ticking digits are made here,
   of the server's seconds and a clock that nobody can set. */
(() => {
  "use strict";
  const live = document.getElementById("live");
  const state = document.getElementById("state");
  const SLOWEST = 300;
  const MARKS = [86400, 3600, 600, 0];
  let left = Number(live.dataset.left);
  let ends = performance.now() / 1000 + left;
  let began = performance.now();
  let failures = 0;
  let etag = "";
  let timer = 0;
  let asking = false;
  let aloud = false;

  const reveal = () => live.querySelectorAll("button[hidden]").forEach((button) => { button.hidden = false; });

  const pause = () => {
    const minutes = (performance.now() - began) / 60000;
    const calm = !("moving" in live.dataset) || minutes >= 15 ? 60 : minutes >= 2 ? 15 : 5;
    return Math.min(calm * 2 ** failures, SLOWEST) * 1000;
  };

  const wait = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, pause());
  };

  const replace = async () => {
    const answer = await fetch(location.href, { cache: "no-store", credentials: "omit" });
    if (!answer.ok) throw new Error("no page");
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [main, badge] = [fresh.getElementById("live"), fresh.getElementById("state")];
    if (!main || !badge) throw new Error("no page");
    const hadFocus = live.contains(document.activeElement) && document.activeElement !== live;
    document.title = fresh.title;
    state.className = badge.className;
    if (state.textContent !== badge.textContent) state.textContent = badge.textContent;
    live.replaceChildren(...main.childNodes);
    live.dataset.version = main.dataset.version;
    live.toggleAttribute("data-moving", "moving" in main.dataset);
    reveal();
    if (hadFocus) live.focus({ preventScroll: true });
  };

  const tick = () => {
    const before = left;
    left = Math.max(0, Math.ceil(ends - performance.now() / 1000));
    const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
    const digits = document.getElementById("ticks");
    if (digits) digits.textContent = 0 < left && left < 86400 ? `${hours}:${two(minutes)}:${two(seconds)}` : "";
    if (document.hidden || !MARKS.some((mark) => before > mark && left <= mark)) return;
    aloud = true;
    setTimeout(ask, 1000); // whole seconds were sent: a moment is left
  };

  const two = (number) => String(number).padStart(2, "0");

  const announce = () => {
    const [ears, words] = [document.getElementById("announced"), document.getElementById("left")];
    aloud = false;
    if (words && ears.textContent !== words.textContent) ears.textContent = words.textContent;
  };

  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch(live.dataset.status, { cache: "no-store", credentials: "omit", headers });
      if (answer.status !== 304) {
        if (!answer.ok) throw new Error("no answer");
        const news = await answer.json();
        if (news.version !== live.dataset.version) await replace();
        const words = document.getElementById("left");
        if (words) words.textContent = news.time_left;
        ends = performance.now() / 1000 + news.seconds_left;
        etag = answer.headers.get("ETag") || "";
      }
      if (aloud) announce();
      failures = 0;
    } catch {
      failures = Math.min(failures + 1, 6);
    }
    asking = false;
    wait();
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      document.getElementById("code").select();
      if (!document.execCommand("copy")) return;
    }
    document.getElementById("copied").textContent = button.dataset.copied;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("copy" in button.dataset) copy(button);
    if ("print" in button.dataset) window.print();
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
  reveal();
  wait();
  tick();
  setInterval(tick, 1000);
})();
