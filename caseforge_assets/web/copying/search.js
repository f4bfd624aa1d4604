// Finds pages of a copy by words: all that are typed have to be in a page's title or excerpt; titles count more.
"use strict";

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const asked = new URLSearchParams(window.location.search).get("q") || "";
const field = document.getElementById("find");
const said = document.getElementById("found");
const list = document.getElementById("results");
const pages = window.pages.map(([file, title, text]) => ({ file, title, text, inTitle: plain(title), inText: plain(text) }));
const MOST = 100;

function search(words) {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  const found = [];
  for (const page of pages) {
    let rank = 0;
    for (const word of wanted) {
      if (page.inTitle.includes(word)) rank += page.inTitle.startsWith(word) ? 4 : 3;
      else if (page.inText.includes(word)) rank += 1;
      else { rank = 0; break; }
    }
    if (rank) found.push([rank, page]);
  }
  found.sort((a, b) => b[0] - a[0] || a[1].title.localeCompare(b[1].title));
  list.replaceChildren(...found.slice(0, MOST).map(([, page]) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = page.file;
    link.textContent = page.title;
    const text = document.createElement("p");
    text.className = "quiet";
    text.textContent = page.text;
    item.append(link, text);
    return item;
  }));
  const more = found.length > MOST ? `; the first ${MOST} are shown` : "";
  said.textContent = wanted.length ? `${found.length} ${found.length === 1 ? "page" : "pages"}${more}` : "Type words into the field above.";
}

field.value = asked;
field.addEventListener("input", () => search(field.value));
field.form.addEventListener("submit", (event) => { event.preventDefault(); search(field.value); });
search(asked);
