/* Sends the files of an upload in pieces: declares each with its SHA-256, goes on where the server has got to. */
"use strict";
(() => {
  const K = new Uint32Array(64), START = new Uint32Array(8);
  const part = (x) => Math.floor((x - Math.floor(x)) * 0x100000000);
  for (let n = 2, at = 0; at < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    if (at < 8) START[at] = part(Math.sqrt(n));
    K[at++] = part(Math.cbrt(n));
  }

  class Sha256 { // the browser's own wants all bytes at once, which a file of gigabytes is too large for
    constructor() { this.h = START.slice(); this.w = new Uint32Array(64); this.rest = new Uint8Array(64); this.held = 0; this.size = 0; }
    add(bytes) {
      this.size += bytes.length;
      let at = 0;
      if (this.held) {
        const take = Math.min(64 - this.held, bytes.length);
        this.rest.set(bytes.subarray(0, take), this.held);
        this.held += take; at = take;
        if (this.held < 64) return;
        this.block(this.rest, 0); this.held = 0;
      }
      for (; at + 64 <= bytes.length; at += 64) this.block(bytes, at);
      this.rest.set(bytes.subarray(at)); this.held = bytes.length - at;
    }
    block(b, o) {
      const w = this.w, h = this.h;
      for (let i = 0; i < 16; i++, o += 4) w[i] = (b[o] << 24) | (b[o + 1] << 16) | (b[o + 2] << 8) | b[o + 3];
      for (let i = 16; i < 64; i++) {
        const x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ (x >>> 3)) + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ (y >>> 10));
      }
      let [A, B, C, D, E, F, G, H] = h;
      for (let i = 0; i < 64; i++) {
        const t = (H + ((E >>> 6 | E << 26) ^ (E >>> 11 | E << 21) ^ (E >>> 25 | E << 7)) + ((E & F) ^ (~E & G)) + K[i] + w[i]) | 0;
        const u = (((A >>> 2 | A << 30) ^ (A >>> 13 | A << 19) ^ (A >>> 22 | A << 10)) + ((A & B) ^ (A & C) ^ (B & C))) | 0;
        H = G; G = F; F = E; E = (D + t) | 0; D = C; C = B; B = A; A = (t + u) | 0;
      }
      h[0] += A; h[1] += B; h[2] += C; h[3] += D; h[4] += E; h[5] += F; h[6] += G; h[7] += H;
    }
    hex() {
      const size = this.size, pad = new Uint8Array((this.held < 56 ? 64 : 128) - this.held);
      pad[0] = 0x80;
      const view = new DataView(pad.buffer);
      view.setUint32(pad.length - 8, Math.floor(size / 0x20000000));
      view.setUint32(pad.length - 4, (size << 3) >>> 0);
      this.add(pad);
      return Array.from(this.h, (x) => x.toString(16).padStart(8, "0")).join("");
    }
  }

  const box = document.getElementById("upload"), rows = document.getElementById("rows");
  const state = document.getElementById("upload-state"), finish = document.getElementById("finish");
  const said = box.dataset, piece = Number(said.piece);
  const queue = [];
  let busy = false, open = 0;
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  const row = (file) => {
    const made = document.createElement("tr"), name = document.createElement("th"), size = document.createElement("td");
    const told = document.createElement("td"), act = document.createElement("td");
    name.scope = "row"; name.textContent = file.name; size.className = "num";
    size.textContent = Math.max(file.size / 1e6, 0.1).toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    told.textContent = said.waiting; act.textContent = "–";
    const heads = rows.parentElement.querySelectorAll("thead th");
    [name, size, told, act].forEach((cell, at) => { cell.dataset.head = heads[at].textContent; made.append(cell); });
    rows.append(made);
    return { made, told };
  };

  const ask = async (address, body, kind) => {
    for (let wait = 1000; ; wait = Math.min(wait * 2, 30000)) {
      try {
        const answer = await fetch(address, { method: "POST", body, redirect: "manual", headers: { "X-Form-Token": said.token, "Content-Type": kind } });
        if (answer.status < 500 && answer.status !== 429) return answer;
      } catch { /* the line is cut */ }
      state.textContent = said.cut;
      await pause(wait);
    }
  };

  const refused = async (answer) => {
    if (answer.status === 401 || answer.type === "opaqueredirect" || answer.status === 403) return said.out;
    try { return (await answer.json()).message || said.failed; } catch { return said.failed; }
  };

  const digest = async (file, told) => {
    if (window.crypto && crypto.subtle && file.size <= 2 ** 28) {
      told.textContent = said.hashing;
      return Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())), (x) => x.toString(16).padStart(2, "0")).join("");
    }
    const sum = new Sha256();
    for (let at = 0; at < file.size; at += piece) {
      sum.add(new Uint8Array(await file.slice(at, at + piece).arrayBuffer()));
      told.textContent = `${said.hashing} ${Math.floor(100 * at / file.size)} %`;
      await pause(0);
    }
    return sum.hex();
  };

  const send = async (file, made, told) => {
    const sha256 = await digest(file, told);
    const fields = new URLSearchParams({ name: file.name, size: String(file.size), sha256 });
    let answer = await ask(said.address, fields.toString(), "application/x-www-form-urlencoded");
    if (!answer.ok) { told.textContent = await refused(answer); return false; }
    const known = await answer.json();
    const old = rows.querySelector(`tr[data-number="${known.number}"]`);
    if (old && old !== made) old.remove(); // it was begun before: this row stands for it now
    made.dataset.number = known.number;
    let { offset, done } = known;
    while (!done) {
      const bytes = file.slice(offset, offset + piece);
      answer = await ask(`${said.address}/${known.number}?offset=${offset}`, bytes, "application/octet-stream");
      if (answer.status === 409) { ({ offset } = await answer.json()); done = offset >= file.size; continue; }
      if (!answer.ok) { told.textContent = await refused(answer); return false; }
      ({ offset, done } = await answer.json());
      told.textContent = `${said.sending} ${Math.floor(100 * offset / file.size)} %`;
      state.textContent = said.sending;
    }
    told.textContent = said.done;
    return true;
  };

  const work = async () => {
    if (busy) return;
    busy = true;
    finish.disabled = true;
    while (queue.length) {
      const { file, made, told } = queue.shift();
      try { if (!(await send(file, made, told))) made.className = "refused"; } catch { told.textContent = said.failed; made.className = "refused"; }
    }
    busy = false;
    open = [...rows.children].filter((each) => each.className !== "refused" && each.children[2].textContent !== said.done).length;
    state.textContent = open ? "" : said.done;
    finish.disabled = open > 0 || ![...rows.children].some((each) => each.className !== "refused");
  };

  const take = (files) => { for (const file of files) queue.push({ file, ...row(file) }); work(); };
  const input = document.getElementById("files");
  input.addEventListener("change", () => { take(input.files); input.value = ""; });
  box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("over"); });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => { event.preventDefault(); box.classList.remove("over"); take(event.dataTransfer.files); });
  window.addEventListener("beforeunload", (event) => { if (busy) event.preventDefault(); });
})();
