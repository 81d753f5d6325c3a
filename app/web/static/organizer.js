// What organizers' pages do beyond HTML: questions as dialogs, all boxes at once, pages that follow work. All works without it.
"use strict";

// The question stands in the form; without this script a page of its own asks it.
function ask(form) {
  const words = form.closest("[data-words]") || document.querySelector("[data-words]");
  form.addEventListener("submit", (event) => {
    const question = (event.submitter && event.submitter.dataset.question) || form.dataset.question;
    if (!question || form.elements.confirmed) return;
    event.preventDefault();
    const dialog = document.createElement("dialog");
    const text = document.createElement("p");
    text.id = "dialog-question";
    text.textContent = question;
    dialog.setAttribute("aria-labelledby", text.id);
    const row = document.createElement("p");
    row.className = "row";
    const yes = document.createElement("button");
    yes.textContent = words.dataset.yes;
    const no = document.createElement("button");
    no.className = "quiet";
    no.textContent = words.dataset.no;
    no.autofocus = true;
    row.append(yes, no);
    dialog.append(text, row);
    document.body.append(dialog);
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    yes.addEventListener("click", () => {
      const confirmed = document.createElement("input");
      confirmed.type = "hidden";
      confirmed.name = "confirmed";
      confirmed.value = "yes";
      form.append(confirmed);
      form.requestSubmit(event.submitter);
      dialog.close();
    });
    dialog.showModal();
  });
}

function all(box) {
  const table = box.closest("table");
  box.hidden = false;
  box.addEventListener("change", () => {
    for (const one of table.querySelectorAll("tbody input[type=checkbox]")) one.checked = box.checked;
  });
}

// A page that shows work in progress comes anew, unless somebody is writing in it.
function follow(place) {
  setInterval(() => {
    const busy = document.querySelector("dialog[open]") || (document.activeElement && document.activeElement.matches("input, textarea, select"));
    if (!document.hidden && !busy) window.location.reload();
  }, Number(place.dataset.refresh) * 1000);
}

document.querySelectorAll("form").forEach(ask);
document.querySelectorAll("[data-all]").forEach(all);
document.querySelectorAll("[data-refresh]").forEach(follow);
