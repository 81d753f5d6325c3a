// Sending a file: drag and drop, size and checksum, progress, cancel. Without scripts the same form just sends.
"use strict";

const UNITS = ["B", "KiB", "MiB", "GiB"];

function sizeOf(count) {
  let unit = 0;
  let amount = count;
  while (amount >= 1024 && unit < 3) { amount /= 1024; unit += 1; }
  return `${unit ? amount.toFixed(1) : amount} ${UNITS[unit]}`;
}

class Sender {
  constructor(form) {
    this.form = form;
    this.say = form.dataset;
    this.input = form.querySelector("input[type=file]");
    this.buttons = form.querySelectorAll(".send button");
    this.part = (name) => form.querySelector(`[data-${name}]`);
    this.key = new URL(form.action).searchParams.get("key");
    this.request = null;
    this.part("hint").hidden = false;
    this.input.addEventListener("change", () => this.chosen());
    form.addEventListener("submit", (event) => this.submitted(event));
    this.part("cancel").addEventListener("click", () => this.request?.abort());
    this.dropping(this.part("drop"));
    window.addEventListener("pageshow", () => this.busy(false));
  }

  dropping(zone) {
    for (const kind of ["dragenter", "dragover"]) {
      zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("over"); });
    }
    zone.addEventListener("dragleave", (event) => {
      if (!zone.contains(event.relatedTarget)) zone.classList.remove("over");
    });
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      if (event.dataTransfer.files.length !== 1) return this.tell(this.say.sayOne);
      this.input.files = event.dataTransfer.files;
      this.chosen();
    });
  }

  // Another file is another submission, so it gets a key of its own; a retry of this one keeps it.
  async chosen() {
    const file = this.input.files[0];
    this.key = [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
    this.part("report").replaceChildren();
    this.part("chosen").hidden = !file;
    if (!file) return;
    this.part("size").textContent = sizeOf(file.size);
    const place = this.part("sha256");
    place.textContent = this.say.sayHashing;
    if (file.size > Number(this.say.most)) { place.textContent = "—"; this.tell(this.say.sayLarge); return; }
    if (!crypto.subtle) { place.parentElement.parentElement.hidden = true; return; } // plain HTTP to another machine
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    if (file === this.input.files[0]) place.textContent = [...digest].map((one) => one.toString(16).padStart(2, "0")).join("");
  }

  submitted(event) {
    event.preventDefault();
    if (this.request) return;
    const check = event.submitter ? event.submitter.hasAttribute("data-check") : !this.part("send");
    if (this.input.files[0].size > Number(this.say.most)) return this.tell(this.say.sayLarge);
    this.post(check);
  }

  post(check) {
    const request = new XMLHttpRequest();
    this.request = request;
    request.open("POST", `${this.say.doors}/${check ? "check" : `submit?key=${this.key}`}`);
    request.setRequestHeader("X-Part", "1");
    request.upload.addEventListener("progress", (event) => this.progress(event.loaded / event.total, check));
    request.addEventListener("load", () => this.answered(request));
    request.addEventListener("error", () => this.tell(this.say.sayBroken));
    request.addEventListener("abort", () => this.tell(this.say.sayCancelled));
    request.addEventListener("loadend", () => { this.request = null; if (request.status !== 201) this.busy(false); });
    this.part("report").replaceChildren();
    this.progress(0, check);
    this.busy(true);
    request.send(new FormData(this.form));
  }

  progress(share, check) {
    const percent = Math.round(share * 100);
    this.form.querySelector("progress").value = percent;
    this.part("said").textContent = check && percent === 100
      ? this.say.sayChecking
      : this.say.saySending.replace("{percent}", percent);
  }

  answered(request) {
    if (request.status === 201) return window.location.assign(request.getResponseHeader("Location"));
    // A page's piece, or a whole page where something was refused before the door: both are ours, and escaped.
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const found = page.querySelector("main") ?? page.body;
    this.part("report").replaceChildren(...found.childNodes);
    this.part("report").scrollIntoView({ block: "nearest" });
  }

  busy(yes) {
    this.part("sending").hidden = !yes;
    for (const button of this.buttons) button.disabled = yes;
  }

  tell(text) {
    const box = document.createElement("p");
    box.className = "alert";
    box.textContent = text;
    this.part("report").replaceChildren(box);
  }
}

for (const form of document.querySelectorAll("form[data-upload]")) new Sender(form);
