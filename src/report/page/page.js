"use strict";
// The player: goes through a run step by step, in both directions. Nothing is counted
// here: every number was written by the program that made the page.
for (const player of document.querySelectorAll(".player")) {
  const film = JSON.parse(document.getElementById(player.dataset.film).textContent);
  const {frames, words, columns} = film;
  const range = player.querySelector("input");
  const output = player.querySelector("output");
  const now = player.querySelector(".now");
  const lines = player.querySelector(".lines");
  const cells = [...player.querySelectorAll(".stats td")];
  const run = player.closest(".run");
  const AROUND = 7;

  // Moments in microseconds, and for each step what its cells read before.
  const moments = [];
  const before = [];
  const read = cells.map(() => "");
  let micros = 0;
  for (const [later, , changes] of frames) {
    micros += later;
    moments.push(micros);
    const old = [];
    for (let i = 0; i < changes.length; i += 2) {
      old.push(changes[i], read[changes[i]]);
      read[changes[i]] = changes[i + 1];
    }
    before.push(old);
  }
  read.fill("");

  // Steps at which somebody's status changes or something is done to the lab.
  const isTurn = (frame) => {
    const changes = frame[2];
    for (let i = 0; i < changes.length; i += 2) {
      if (changes[i] % columns.length === 0) return true;
    }
    return false;
  };
  const turns = frames.map(isTurn);

  // A line through every plot over time.
  const cursors = [];
  for (const svg of run.querySelectorAll("svg[data-time]")) {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("class", "cursor");
    svg.append(line);
    cursors.push([line, svg.dataset.time.split(" ").map(Number)]);
  }

  const seconds = (at) => (at / 1e6).toFixed(3) + " s";
  const told = (step) => {
    const list = frames[step][1];
    const texts = [];
    for (let i = 0; i < list.length; i += 2) {
      texts.push([list[i] ? "#" + list[i] : "", words[list[i + 1]]]);
    }
    return texts;
  };

  let at = -1;
  const apply = (changes) => {
    for (let i = 0; i < changes.length; i += 2) read[changes[i]] = changes[i + 1];
  };
  const go = (wanted) => {
    const step = Math.max(0, Math.min(frames.length - 1, wanted));
    while (at < step) apply(frames[++at][2]);
    while (at > step) apply(before[at--]);
    show();
  };

  const show = () => {
    const changed = new Set();
    const changes = frames[at][2];
    for (let i = 0; i < changes.length; i += 2) changed.add(changes[i]);
    cells.forEach((cell, index) => {
      cell.textContent = read[index];
      cell.className = changed.has(index) && at > 0 ? "new" : "";
    });
    range.value = at;
    const moment = seconds(moments[at]);
    output.textContent = film.position
      .replace("@1", moment)
      .replace("@2", at + 1)
      .replace("@3", frames.length);
    const texts = told(at).map(([request, text]) => (request ? request + " " : "") + text);
    range.setAttribute("aria-valuetext", `${moment}: ${texts.join("; ")}`);
    now.textContent = texts.join("; ");
    for (const button of player.querySelectorAll("button")) {
      const back = ["first", "turn-back", "back"].includes(button.dataset.go);
      button.disabled = back ? at === 0 : at === frames.length - 1;
    }
    for (const [line, [first, last, left, right, top, bottom]] of cursors) {
      const outside = moments[at] < first || moments[at] > last;
      const x = left + ((moments[at] - first) / (last - first)) * (right - left);
      line.setAttribute("d", outside ? "" : `M${x.toFixed(1)} ${top}V${bottom}`);
    }
    list();
  };

  const list = () => {
    const rows = [];
    const from = Math.max(0, Math.min(at - AROUND, frames.length - 2 * AROUND - 1));
    for (let step = from; step <= Math.min(frames.length - 1, from + 2 * AROUND); step++) {
      for (const [request, text] of told(step)) {
        const row = document.createElement("tr");
        if (step === at) {
          row.className = "here";
          row.setAttribute("aria-current", "step");
        }
        for (const value of [seconds(moments[step]), request, text]) {
          const cell = document.createElement("td");
          cell.textContent = value;
          row.append(cell);
        }
        row.addEventListener("click", () => go(step));
        rows.push(row);
      }
    }
    lines.replaceChildren(...rows);
  };

  const turn = (direction) => {
    let step = at + direction;
    while (step > 0 && step < frames.length - 1 && !turns[step]) step += direction;
    return step;
  };
  const ways = {
    first: () => 0,
    back: () => at - 1,
    on: () => at + 1,
    last: () => frames.length - 1,
    "turn-back": () => turn(-1),
    "turn-on": () => turn(1),
  };
  for (const button of player.querySelectorAll("button")) {
    button.addEventListener("click", () => go(ways[button.dataset.go]()));
  }
  range.addEventListener("input", () => go(Number(range.value)));
  if (frames.length > 0) go(0);
}

// On paper everything is open, and as it was again afterwards.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const details of closed) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of closed) details.open = false;
});
