// Sending a file: drag and drop, size and checksum, progress, cancel, going on after a broken connection (by tus, in
// pieces that the server keeps). Without scripts the same form just sends.
"use strict";

const PAUSES = [0, 1000, 3000, 5000, 10000, 20000];
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
    this.digest = Promise.resolve("");
    this.ref = null; // of the upload that is complete
    this.part("hint").hidden = false;
    this.input.addEventListener("change", () => this.chosen());
    form.addEventListener("submit", (event) => this.submitted(event));
    this.part("cancel").addEventListener("click", () => this.cancel());
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
    this.ref = null;
    this.digest = Promise.resolve("");
    this.part("report").replaceChildren();
    this.part("chosen").hidden = !file;
    if (!file) return;
    this.part("size").textContent = sizeOf(file.size);
    const place = this.part("sha256");
    place.textContent = this.say.sayHashing;
    if (file.size > Number(this.say.most)) { place.textContent = "—"; this.tell(this.say.sayLarge); return; }
    if (!crypto.subtle) { place.parentElement.parentElement.hidden = true; return; } // plain HTTP to another machine
    this.digest = this.hash(file);
    const digest = await this.digest;
    if (file === this.input.files[0]) place.textContent = digest;
  }

  async hash(file) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    return [...digest].map((one) => one.toString(16).padStart(2, "0")).join("");
  }

  submitted(event) {
    event.preventDefault();
    if (this.request) return;
    const check = event.submitter ? event.submitter.hasAttribute("data-check") : !this.part("send");
    if (this.input.files[0].size > Number(this.say.most)) return this.tell(this.say.sayLarge);
    this.part("report").replaceChildren();
    this.progress(0, check);
    this.busy(true);
    if (check || !window.tus || this.ref) this.post(check);
    else this.upload();
  }

  // Pieces go to the server until all have come; then the upload's name is sent, and becomes the submission.
  async upload() {
    const file = this.input.files[0];
    const sha256 = await this.digest;
    const message = this.form.querySelector("[name=message]").value;
    const about = { competition: this.say.competition, phase: this.say.phase, filename: file.name, message };
    const upload = new window.tus.Upload(file, {
      endpoint: "/api/v1/uploads",
      metadata: sha256 ? { ...about, sha256 } : about,
      fingerprint: async () => ["palmares", this.say.doors, file.name, file.size, file.lastModified, sha256, message].join("|"),
      retryDelays: PAUSES,
      removeFingerprintOnSuccess: true,
      onProgress: (sent, all) => this.progress(all ? sent / all : 1, false),
      onShouldRetry: (error) => this.goesOn(error),
      onError: (error) => this.failed(error),
      onSuccess: () => {
        this.ref = upload.url.split("/").pop();
        this.post(false);
      },
    });
    this.request = { abort: () => upload.abort(true).catch(() => {}) };
    const before = await upload.findPreviousUploads();
    if (before.length) upload.resumeFromPreviousUpload(before[0]);
    upload.start();
  }

  goesOn(error) {
    const status = error.originalResponse?.getStatus() ?? 0;
    if (status >= 400 && status < 500 && status !== 409 && status !== 423) return false;
    this.part("said").textContent = this.say.sayResumed;
    return true;
  }

  failed(error) {
    this.request = null;
    this.busy(false);
    let problem = {};
    try { problem = JSON.parse(error.originalResponse?.getBody() ?? ""); } catch { /* no answer, or none of ours */ }
    this.tell(problem.title ? `${problem.title}. ${problem.detail ?? ""} ${problem.fix ?? ""}` : this.say.sayBroken);
  }

  cancel() {
    const upload = this.request && !(this.request instanceof XMLHttpRequest);
    this.request?.abort();
    if (!upload) return;
    this.request = null;
    this.busy(false);
    this.tell(this.say.sayCancelled);
  }

  post(check) {
    const request = new XMLHttpRequest();
    this.request = request;
    const sent = this.ref && !check ? `&upload=${encodeURIComponent(this.ref)}` : "";
    request.open("POST", `${this.say.doors}/${check ? "check" : `submit?key=${this.key}${sent}`}`);
    request.setRequestHeader("X-Part", "1");
    request.upload.addEventListener("progress", (event) => this.progress(event.loaded / event.total, check));
    request.addEventListener("load", () => this.answered(request));
    request.addEventListener("error", () => this.tell(this.say.sayBroken));
    request.addEventListener("abort", () => this.tell(this.say.sayCancelled));
    request.addEventListener("loadend", () => { this.request = null; if (request.status !== 201) this.busy(false); });
    request.send(sent ? null : new FormData(this.form));
  }

  progress(share, check) {
    const percent = Math.round(share * 100);
    this.form.querySelector("progress").value = percent;
    this.part("said").textContent = check && percent === 100
      ? this.say.sayChecking
      : this.say.saySending.replace("{percent}", percent);
  }

  answered(request) {
    if (request.status >= 400 && request.status < 500) this.ref = null; // it was looked at: send another one
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
