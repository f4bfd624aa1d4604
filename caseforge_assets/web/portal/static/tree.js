// Trees: branches are fetched when they are opened, arrows go through them, and the address says what is open. All of it works by links without this.
"use strict";

const tree = document.querySelector(".tree.counted");
if (tree) {
  let touched = false; // branches that the page came with say that they are open, too
  for (const kind of ["click", "keydown"]) tree.addEventListener(kind, () => { touched = true; }, true);
  const remember = () => {
    if (!touched) return;
    const open = [...tree.querySelectorAll("details[open]")].filter((one) => !one.querySelector("details[open]"));
    const address = new URL(window.location.href);
    address.searchParams.delete("open");
    address.searchParams.set("depth", "1");
    for (const one of open.slice(-40)) address.searchParams.append("open", one.dataset.code);
    window.history.replaceState(null, "", address);
  };
  const fill = async (branch) => {
    const from = branch.dataset.piece;
    delete branch.dataset.piece;
    const answer = await fetch(from, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) { branch.dataset.piece = from; return; }
    const piece = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ul");
    if (piece) branch.querySelector(":scope > p")?.replaceWith(piece);
  };
  tree.addEventListener("toggle", (event) => {
    const branch = event.target;
    if (branch.open && branch.dataset.piece) fill(branch).then(remember); else remember();
  }, true);

  const stops = () => [...tree.querySelectorAll("summary, .leaf a")].filter((one) => one.checkVisibility());
  const branchOf = (stop) => (stop.matches("summary") ? stop.parentElement : null);
  tree.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const here = event.target.closest("summary, .leaf a");
    if (!here) return;
    const all = stops(), at = all.indexOf(here), branch = branchOf(here);
    let next = null;
    if (event.key === "ArrowDown") next = all[at + 1];
    else if (event.key === "ArrowUp") next = all[at - 1];
    else if (event.key === "Home") next = all[0];
    else if (event.key === "End") next = all[all.length - 1];
    else if (event.key === "ArrowRight" && branch) { if (branch.open) next = all[at + 1]; else branch.open = true; }
    else if (event.key === "ArrowLeft") { if (branch && branch.open) branch.open = false; else next = here.closest("li").parentElement.closest("details")?.querySelector("summary"); }
    else return;
    event.preventDefault();
    if (next) next.focus();
  });
}
