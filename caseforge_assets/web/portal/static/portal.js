// What pages do by themselves. Every page works without it.
"use strict";

const typing = (target) => target.closest("input:not([type=checkbox], [type=radio], [type=range]), select, textarea, [contenteditable]") !== null;

// Keys: / searches, ? tells the keys, g and a letter goes somewhere.
const PLACES = { h: "/", u: "/use-cases", m: "/matrix", p: "/portfolios", r: "/money" };
let went = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "/") {
    const find = document.getElementById("find");
    if (find) { event.preventDefault(); find.focus(); find.select(); }
  } else if (event.key === "?") {
    window.location.assign("/keys");
  } else if (event.key === "g") {
    went = Date.now();
  } else if (Date.now() - went < 1500 && PLACES[event.key]) {
    window.location.assign(PLACES[event.key]);
  }
});

// Forms that only choose what is shown are sent when something in them is changed. The next page goes on at the same place, so that one can go on choosing.
const PLACE = "place", RECENT_MS = 15000;
for (const form of document.querySelectorAll("form[data-auto]")) {
  let waiting;
  form.addEventListener("change", (event) => {
    const field = event.target;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const value = field.type === "checkbox" ? field.value : null;
      sessionStorage.setItem(PLACE, JSON.stringify({ path: window.location.pathname, name: field.name, value, y: window.scrollY, at: Date.now() }));
      form.requestSubmit();
    }, field.type === "range" ? 700 : 250);
  });
}
const place = JSON.parse(sessionStorage.getItem(PLACE));
sessionStorage.removeItem(PLACE);
if (place && place.path === window.location.pathname && Date.now() - place.at < RECENT_MS) {
  const field = [...document.querySelectorAll("form[data-auto] [name]")].find((one) => one.name === place.name && (place.value === null || one.value === place.value));
  field?.focus({ preventScroll: true });
  window.scrollTo(0, place.y);
}

// A checkbox that stands for all others of its form.
for (const all of document.querySelectorAll("input[data-all]")) {
  all.addEventListener("change", () => {
    for (const one of all.form.querySelectorAll(`input[name="${all.dataset.all}"]`)) one.checked = all.checked;
  });
}

// How many are chosen is said where something can be done with them.
for (const said of document.querySelectorAll("output[data-chosen]")) {
  const form = said.closest("form");
  const count = () => {
    const chosen = form.querySelectorAll(`input[name="${said.dataset.chosen}"]:checked`).length;
    said.textContent = chosen ? `(${chosen} chosen)` : "";
  };
  form.addEventListener("change", count);
  count();
}

// What moves: parts with data-live are taken from the page anew when something of these kinds has happened.
const live = [...document.querySelectorAll("[data-live]")];
if (live.length && "EventSource" in window) {
  const wanted = new Set(live.flatMap((part) => part.dataset.live.split(" ")));
  const source = new EventSource("/api/v1/events");
  let due = 0, busy = false;
  const refresh = async () => {
    if (busy) { due = 1; return; }
    busy = true;
    try {
      const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const next = part.id && page.getElementById(part.id);
        if (next && next.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) {
          part.replaceWith(next);
          next.classList.add("fresh");
        }
      }
    } finally {
      busy = false;
      if (due) { due = 0; setTimeout(refresh, 500); }
    }
  };
  let waiting;
  const happened = () => { clearTimeout(waiting); waiting = setTimeout(refresh, 400); };
  for (const kind of wanted) source.addEventListener(kind, happened);
}

// What a slider stands at is said beside its name.
for (const slider of document.querySelectorAll("input[type=range][data-shown]")) {
  slider.addEventListener("input", () => { slider.closest("label").querySelector("output").textContent = slider.value; });
}
