// What pages do beyond HTML: times in the reader's zone, and states as they happen. Everything works without it.
"use strict";

const TERMINAL = new Set(["invalid", "scored", "failed", "cancelled"]);
const STAGES = ["queued", "validating", "ready", "scoring", "scored"];
const STREAMS = 3; // browsers keep six connections per host on HTTP/1.1; leave some for the rest of the page

function localTimes(root) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title = at.toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
    time.textContent = format.format(at);
  }
}

function showState(place, submission) {
  for (const badge of place.querySelectorAll("[data-badge]")) {
    const name = `say${submission.state[0].toUpperCase()}${submission.state.slice(1)}`;
    badge.textContent = badge.dataset[name] || submission.state;
    badge.className = `badge ${submission.state}`;
  }
  const reached = STAGES.indexOf(submission.state);
  for (const step of place.querySelectorAll("[data-step]")) {
    const order = STAGES.indexOf(step.dataset.step);
    step.className = order < reached ? "done" : order === reached ? "current" : "todo";
    if (order === reached) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  }
  for (const queue of place.querySelectorAll("[data-queue]")) {
    const waiting = submission.queue;
    queue.textContent = waiting ? `Place ${waiting.position} of ${waiting.of} in the queue.` : "";
  }
}

function follow(place) {
  const source = new EventSource(place.dataset.events);
  source.addEventListener("state", (event) => {
    const submission = JSON.parse(event.data);
    if (TERMINAL.has(submission.state)) {
      source.close();
      window.location.reload(); // once: the page of a final state opens no stream
    } else {
      showState(place, submission);
    }
  });
  window.addEventListener("pagehide", () => source.close());
}

// A file sent twice would count twice; coming back by the history frees the button again.
function once(form) {
  const button = form.querySelector("button[type=submit]");
  form.addEventListener("submit", () => { button.disabled = true; });
  window.addEventListener("pageshow", () => { button.disabled = false; });
}

localTimes(document);
[...document.querySelectorAll("[data-events]")].slice(0, STREAMS).forEach(follow);
document.querySelectorAll("form[data-once]").forEach(once);
