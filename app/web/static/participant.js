// Pages of participants: a submission's stages as they happen, pieces that are computed later, copying. All of it is
// also there without scripts: by reloading, by links, by selecting.
"use strict";

const ENDED = new Set(["invalid", "scored", "failed", "cancelled"]);
const LINE = ["queued", "validating", "ready", "scoring", "scored"];

function showStage(place, submission) {
  for (const badge of place.querySelectorAll("[data-badge]")) {
    const step = place.querySelector(`[data-step="${submission.state}"] span`);
    badge.textContent = step ? step.textContent : submission.state;
    badge.className = `badge ${submission.state}`;
  }
  const reached = LINE.indexOf(submission.state);
  for (const step of place.querySelectorAll("[data-step]")) {
    const order = LINE.indexOf(step.dataset.step);
    step.className = order < reached ? "done" : order === reached ? "current" : "todo";
    if (order === reached) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  }
  const queue = place.querySelector("[data-queue]");
  const waiting = submission.queue;
  queue.textContent = waiting
    ? place.dataset.sayQueue.replace("{position}", waiting.position).replace("{of}", waiting.of)
    : "";
  if (!waiting) place.querySelector("[data-expected]")?.remove();
}

for (const place of document.querySelectorAll("[data-follow]")) {
  const source = new EventSource(place.dataset.follow);
  source.addEventListener("state", (event) => {
    const submission = JSON.parse(event.data);
    if (ENDED.has(submission.state)) {
      source.close();
      window.location.reload(); // once: the page of a final state opens no stream
    } else {
      showStage(place, submission);
    }
  });
  window.addEventListener("pagehide", () => source.close());
}

// What takes the server a second is asked for when the page stands; the links in its place stay where that fails.
for (const place of document.querySelectorAll("[data-load]")) {
  fetch(place.dataset.load, { headers: { "X-Part": "1" } })
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)))))
    .then((html) => { place.innerHTML = html; })
    .catch(() => {});
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = button.dataset.sayCopied;
    } catch {
      window.getSelection().selectAllChildren(source); // no right to the clipboard: select it for the reader
    }
  });
}
