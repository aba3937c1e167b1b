// What a page does beyond standing there: tabs, choosers, sorting, filters, CSV, charts, maps. Everything is read from
// the HTML itself (tables with data-v where the raw value differs from what is shown); nothing is fetched, and no text
// becomes HTML or code.
"use strict";
(() => {
const lang = document.documentElement.lang || "en";
const words = (document.getElementById("words") || {dataset: {}}).dataset;
const all = (sel, root) => [...(root || document).querySelectorAll(sel)];
const make = (tag, props, ...kids) => { const e = Object.assign(document.createElement(tag), props); e.append(...kids); return e; };
const raw = (td) => td.dataset.v ?? td.textContent;
const hash = new URLSearchParams(location.hash.slice(1));
// The address keeps what was chosen, so that it can be sent on; a page from a file may not be allowed to.
const remember = (k, v) => { v ? hash.set(k, v) : hash.delete(k); try { history.replaceState(null, "", "#" + hash); } catch (e) { /* file: */ } };
const charts = [];
const redraw = () => charts.forEach((c) => c());

// ---- tabs ----
const tabs = all("section.tab");
if (tabs.length) {
  document.body.classList.add("tabbed");
  const list = make("div", {role: "tablist"});
  const buttons = tabs.map((tab, i) => {
    const b = make("button", {type: "button", role: "tab", id: "for-" + tab.id, textContent: tab.dataset.title});
    b.setAttribute("aria-controls", tab.id);
    tab.setAttribute("role", "tabpanel");
    tab.setAttribute("aria-labelledby", b.id);
    b.onclick = () => show(i);
    b.onkeydown = (e) => {
      const to = {ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1}[e.key];
      if (to === undefined) return;
      e.preventDefault();
      const k = (to + tabs.length) % tabs.length;
      show(k);
      buttons[k].focus();
    };
    return b;
  });
  const show = (i) => {
    tabs.forEach((tab, k) => {
      tab.hidden = k !== i;
      buttons[k].setAttribute("aria-selected", k === i);
      buttons[k].tabIndex = k === i ? 0 : -1;
    });
    remember("tab", i ? tabs[i].id : "");
    redraw();
  };
  // paper has no tabs: everything is drawn, one after the other
  let chosen = 0;
  window.addEventListener("beforeprint", () => { chosen = Math.max(0, tabs.findIndex((t) => !t.hidden)); tabs.forEach((t) => { t.hidden = false; }); redraw(); });
  window.addEventListener("afterprint", () => show(chosen));
  list.append(...buttons);
  tabs[0].before(list);
  show(Math.max(0, tabs.findIndex((t) => t.id === hash.get("tab"))));
}

// ---- choosers: data-k0="..." on rows, cards, marks; what stays visible is what charts and counts read ----
const pick = () => {
  const picks = all(".choose select").map((s) => [s.dataset.k, s.value]).filter((p) => p[1]);
  all("[data-k0],[data-k1],[data-k2],[data-k3]").forEach((e) => {
    e.classList.toggle("unpicked", picks.some(([k, v]) => e.dataset["k" + k] !== undefined && e.dataset["k" + k] !== v));
    sight(e);
  });
  all("table").forEach((t) => t.recount && t.recount());
  redraw();
};
const sight = (e) => {
  const off = e.classList.contains("unpicked") || e.classList.contains("unfound");
  if (e instanceof SVGElement) e.style.display = off ? "none" : ""; else e.hidden = off;
};
const choosers = () => {
  all(".choose select").forEach((s) => {
    const k = s.dataset.k, seen = new Set();
    all("[data-k" + k + "]").forEach((e) => e.dataset["k" + k] && seen.add(e.dataset["k" + k]));
    s.append(make("option", {value: "", textContent: words.all}), ...[...seen].map((v) => make("option", {value: v, textContent: v})));
    const start = hash.get("k" + k) ?? s.dataset.start;
    if (start && seen.has(start)) s.value = start;
    s.onchange = () => { remember("k" + k, s.value); pick(); };
    s.closest(".choose").hidden = false;
  });
  if (all(".choose select").length) pick();
};

// ---- tables ----
const collator = new Intl.Collator(lang, {numeric: true});
const value = (tr, i, num) => { const t = raw(tr.cells[i]); return num ? (t === "–" || t === "" || isNaN(t) ? null : +t) : t; };
const sort = (table, th, i) => {
  const up = th.getAttribute("aria-sort") === "ascending" ? -1 : 1, num = th.classList.contains("n"), body = table.tBodies[0];
  all("th", table.tHead).forEach((o) => o.removeAttribute("aria-sort"));
  th.setAttribute("aria-sort", up > 0 ? "ascending" : "descending");
  const rows = [...body.rows].map((tr, at) => [value(tr, i, num), at, tr]);
  // what has no value stays at the end either way
  rows.sort((a, b) => a[0] === null || b[0] === null ? (a[0] === null) - (b[0] === null) || a[1] - b[1]
    : (num ? a[0] - b[0] : collator.compare(a[0], b[0])) * up || a[1] - b[1]);
  body.append(...rows.map((r) => r[2]));
};
// The same rule as the CSV that etl writes: texts that a spreadsheet would run get an apostrophe, numbers stay.
const field = (text, num) => {
  if (!num && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
  return /[",\r\n]|^'/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
};
const csv = (table) => {
  const heads = [...table.tHead.rows[0].cells], lines = [heads.map((th) => field(label(th), false))];
  [...table.tBodies[0].rows].filter((tr) => !tr.hidden).forEach((tr) => lines.push(heads.map((th, i) => {
    const t = raw(tr.cells[i]);
    return t === "–" && th.classList.contains("n") ? "" : field(t, th.classList.contains("n") && t !== "" && !isNaN(t));
  })));
  const url = URL.createObjectURL(new Blob(["\ufeff" + lines.map((l) => l.join(",")).join("\r\n") + "\r\n"], {type: "text/csv;charset=utf-8"}));
  const a = make("a", {href: url, download: (words.name || "table") + "-" + table.dataset.name + ".csv"});
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
};
const label = (th) => th.dataset.label ?? th.textContent;
all("table[data-name]").forEach((table) => {
  const rows = [...table.tBodies[0].rows], tools = make("div", {className: "tools"}), number = new Intl.NumberFormat(lang);
  all("th", table.tHead).forEach((th, i) => {
    const b = make("button", {type: "button", textContent: th.textContent});
    th.dataset.label = th.textContent;
    th.replaceChildren(b);
    b.onclick = () => sort(table, th, i);
  });
  const count = make("span", {className: "count"});
  count.setAttribute("role", "status");
  table.recount = () => {
    const n = rows.filter((tr) => !tr.hidden).length;
    count.textContent = (n === rows.length ? "" : number.format(n) + " / ") + number.format(rows.length) + (lang === "ko" ? "" : " ") + words.rows;
  };
  if (rows.length > 7) {
    const input = make("input", {type: "search", placeholder: words.filter});
    input.setAttribute("aria-label", words.filter + ": " + table.dataset.name);
    input.oninput = () => {
      const parts = input.value.toLocaleLowerCase(lang).split(/\s+/).filter(Boolean);
      rows.forEach((tr) => {
        const text = [...tr.cells].filter((c) => !c.hidden).map((c) => c.textContent).join(" ").toLocaleLowerCase(lang);
        tr.classList.toggle("unfound", !parts.every((p) => text.includes(p)));
        sight(tr);
      });
      table.recount();
      redraw();
    };
    tools.append(input);
  }
  const save = make("button", {type: "button", textContent: words.csv});
  save.onclick = () => csv(table);
  tools.append(count, save);
  table.closest(".wrap").before(tools);
  table.recount();
});
all("details.data").forEach((d) => { d.open = false; });

// ---- charts: drawn from the rows of the table under them that are to be seen ----
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const compact = new Intl.NumberFormat(lang, {notation: "compact", maximumFractionDigits: 2});
const full = new Intl.NumberFormat(lang, {maximumFractionDigits: 2});
const asDay = new Intl.DateTimeFormat(lang, {month: "numeric", day: "numeric", timeZone: "UTC"});
const asText = (f, short) => (v) => {
  if (v == null) return "–";
  if (f === "krw") return "₩" + (short ? compact : full).format(v);
  if (f === "percent") return full.format(v) + " %";
  return (short ? compact : full).format(v);
};
const parseX = (text) => Date.parse(text.slice(0, 10) + "T00:00:00Z") / 1000;
const read = (box, table) => {
  const d = box.dataset, cols = d.series.split(" ").map(Number), x = +d.x, by = +d.by, heads = table.tHead.rows[0].cells;
  const rows = [...table.tBodies[0].rows].filter((tr) => !tr.hidden);
  const keys = [...new Set(rows.map((tr) => raw(tr.cells[x])))];
  const date = d.xf === "date" && keys.every((k) => !isNaN(parseX(k)));
  if (date) keys.sort();
  const at = new Map(keys.map((k, i) => [k, i])), names = [], series = [];
  const line = (name) => {
    let i = names.indexOf(name);
    if (i < 0) { i = names.push(name) - 1; series.push(new Array(keys.length).fill(null)); }
    return series[i];
  };
  rows.forEach((tr) => cols.forEach((c) => {
    line(by >= 0 ? tr.cells[by].textContent : label(heads[c]))[at.get(raw(tr.cells[x]))] = value(tr, c, true);
  }));
  const shown = keys.map((k) => rows.find((tr) => raw(tr.cells[x]) === k).cells[x].textContent);
  return {along: label(heads[x]), date, names: names.slice(0, 24), series: series.slice(0, 24), keys, shown, more: names.length > 24};
};
// Bars beside one another, or upon one another; uPlot's own do neither.
const bars = (stacked, count) => (u, si, i0, i1) => {
  const path = new Path2D(), n = u.data[0].length, wide = Math.max(2, (u.bbox.width / Math.max(n, 1)) * 0.72);
  const one = stacked ? wide : wide / count, xs = u.data[0];
  for (let i = i0; i <= i1; i++) {
    const v = u.data[si][i];
    if (v == null) continue;
    const low = stacked && si > 1 ? u.data[si - 1][i] ?? 0 : Math.max(0, u.scales.y.min);
    const x = u.valToPos(xs[i], "x", true) - wide / 2 + (stacked ? 0 : one * (si - 1));
    const y0 = u.valToPos(low, "y", true), y1 = u.valToPos(v, "y", true);
    path.rect(Math.round(x), Math.min(y0, y1), Math.max(1, Math.round(one) - (count > 1 && !stacked ? 1 : 0)), Math.abs(y0 - y1));
  }
  return {stroke: null, fill: path};
};
const options = (box, o, data, stacked, barred) => {
  const ink = css("--dim"), grid = css("--line"), f = box.dataset.f, axis = {stroke: ink, grid: {stroke: grid, width: 1}, ticks: {stroke: grid, width: 1}, font: "12px " + getComputedStyle(document.body).fontFamily};
  const short = (t) => t.length > 16 ? t.slice(0, 15) + "…" : t;
  const values = (u, splits) => splits.map((s) => o.date ? asDay.format(s * 1000) : short(o.shown[s] ?? ""));
  const splits = (u, i, min, max) => {
    // a letter takes some 6.5 pixels, a Hangul syllable 12
    const long = o.date ? 0 : Math.max(...o.shown.map((t) => [...short(t)].reduce((w, c) => w + (c > "\u1100" ? 12 : 6.5), 6)));
    const room = Math.max(1, Math.floor(u.bbox.width / devicePixelRatio / Math.max(o.date ? 64 : 32, long))), first = Math.max(0, Math.ceil(o.date ? 0 : min));
    const list = o.date ? data[0] : data[0].filter((v) => v >= first && v <= max), step = Math.ceil(list.length / room) || 1;
    return list.filter((v, k) => k % step === 0);
  };
  const gap = o.date ? 86400 : 1, ends = [data[0][0] - gap / 2, data[0][data[0].length - 1] + gap / 2];
  return {
    width: box.clientWidth - 16, height: 260, legend: {live: true},
    cursor: {y: false, drag: {x: false, y: false}, points: {show: !barred}},
    scales: {
      x: {time: false, range: barred || data[0].length < 2 ? () => ends : undefined},
      y: {range: (u, lo, hi) => {
        if (lo == null) return [0, 1];
        const zero = barred || (lo >= 0 && lo < hi * 0.6), min = zero ? Math.min(0, lo) : lo - (hi - lo || Math.abs(hi) || 1) * 0.1;
        return [min, hi + ((hi - min) || 1) * 0.06];
      }},
    },
    axes: [{...axis, values, splits, grid: {show: false}, size: 34}, {...axis, values: (u, s) => s.map(asText(f, true)), size: f === "krw" ? 72 : 60}],
    series: [{label: o.along, value: (u, v, si, i) => i == null ? "" : o.shown[i]}, ...o.names.map((name, k) => {
      const color = css("--c" + (k % 10));
      return {
        label: name, stroke: color, width: barred ? 0 : 2, fill: barred ? color : undefined, dash: k > 9 ? [6, 4] : undefined,
        paths: barred ? bars(stacked, o.names.length) : undefined, spanGaps: false,
        points: {show: !barred && data[0].length < 40, size: 6, fill: color}, value: (u, v, si, i) => i == null ? "–" : asText(f)(o.series[k][i]),
      };
    })],
  };
};
// Arrow keys walk along the points; the legend, which is read aloud, says the values.
const keys = (box, u, n) => (e) => {
  const step = {ArrowRight: 1, ArrowLeft: -1}[e.key];
  if (!step) return;
  e.preventDefault();
  const i = Math.max(0, Math.min(n - 1, (u.cursor.idx ?? (step > 0 ? -1 : n)) + step));
  u.setCursor({left: u.valToPos(u.data[0][i], "x"), top: 0});
  u.setLegend({idx: i});
};
const draw = (box) => {
  const table = box.parentElement.querySelector("table[data-name]");
  if (!table || typeof uPlot === "undefined" || box.closest("[hidden]")) return;
  if (box.chart) { box.chart.destroy(); box.chart = null; }
  box.wide = box.parentElement.clientWidth;
  const o = read(box, table), type = box.dataset.type, stacked = type === "stacked", barred = type !== "line";
  if (!o.keys.length) { box.classList.add("live"); box.replaceChildren(make("p", {className: "none", textContent: words.noData})); return; }
  const xs = o.date ? o.keys.map(parseX) : o.keys.map((k, i) => i);
  let ys = o.series;
  if (stacked) {
    const sum = new Array(xs.length).fill(0);
    ys = ys.map((s) => s.map((v, i) => (sum[i] += v ?? 0)));
  }
  box.classList.add("live");
  box.replaceChildren();
  const opts = options(box, o, [xs], stacked, barred);
  box.chart = new uPlot(opts, [xs, ...ys], box);
  const wrap = box.querySelector(".u-wrap");
  wrap.tabIndex = 0;
  wrap.setAttribute("role", "img");
  const head = document.getElementById(box.dataset.h);
  wrap.setAttribute("aria-label", (head ? head.textContent + ": " : "") + o.names.join(", "));
  wrap.onkeydown = keys(box, box.chart, xs.length);
  const legend = box.querySelector(".u-legend");
  if (legend) legend.setAttribute("aria-live", "polite");
};
all(".chart").forEach((box) => {
  charts.push(() => draw(box));
  new ResizeObserver(() => { if (box.parentElement.clientWidth !== box.wide) draw(box); }).observe(box.parentElement);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

// ---- maps: the viewBox is the view ----
all(".map").forEach((map) => {
  const svg = map.querySelector("svg"), whole = svg.getAttribute("viewBox").split(" ").map(Number), tip = make("p", {className: "tip"});
  let view = [...whole], from = null;
  map.classList.add("live");
  const set = (v) => {
    v[2] = Math.min(whole[2], Math.max(whole[2] / 200, v[2]));
    v[3] = v[2] * whole[3] / whole[2];
    v[0] = Math.min(whole[0] + whole[2] - v[2], Math.max(whole[0], v[0]));
    v[1] = Math.min(whole[1] + whole[3] - v[3], Math.max(whole[1], v[1]));
    view = v;
    svg.setAttribute("viewBox", v.map((n) => +n.toFixed(3)).join(" "));
    svg.style.touchAction = v[2] < whole[2] ? "none" : "pan-y";
  };
  const zoom = (k, fx, fy) => {
    const w = Math.min(whole[2], view[2] / k), h = w * whole[3] / whole[2];
    set([view[0] + (view[2] - w) * fx, view[1] + (view[3] - h) * fy, w, h]);
  };
  const button = (text, name, fn) => { const b = make("button", {type: "button", textContent: text, title: name, onclick: fn}); b.setAttribute("aria-label", name); return b; };
  map.append(make("div", {className: "tools"}, button("+", words.zoomIn, () => zoom(1.6, 0.5, 0.5)), button("−", words.zoomOut, () => zoom(1 / 1.6, 0.5, 0.5)), button("◻", words.whole, () => set([...whole]))), tip);
  svg.onkeydown = (e) => {
    const s = view[2] * 0.15, by = {ArrowLeft: [-s, 0], ArrowRight: [s, 0], ArrowUp: [0, -s], ArrowDown: [0, s]}[e.key];
    if (by) set([view[0] + by[0], view[1] + by[1], view[2], view[3]]);
    else if (e.key === "+" || e.key === "=") zoom(1.6, 0.5, 0.5);
    else if (e.key === "-") zoom(1 / 1.6, 0.5, 0.5);
    else if (e.key === "0") set([...whole]);
    else return;
    e.preventDefault();
  };
  // a pixel in the map's units; a map that is narrower than its frame stands in the middle of it
  const unit = (r) => Math.max(view[2] / r.width, view[3] / r.height);
  const place = (x, y) => {
    const r = svg.getBoundingClientRect(), k = unit(r);
    return [((x - r.left - r.width / 2) * k) / view[2] + 0.5, ((y - r.top - r.height / 2) * k) / view[3] + 0.5];
  };
  svg.addEventListener("wheel", (e) => { if (!e.ctrlKey && document.activeElement !== svg) return; e.preventDefault(); zoom(e.deltaY < 0 ? 1.25 : 0.8, ...place(e.clientX, e.clientY)); }, {passive: false});
  const fingers = new Map();
  let spread = 0;
  svg.onpointerdown = (e) => { fingers.set(e.pointerId, [e.clientX, e.clientY]); from = [e.clientX, e.clientY, ...view]; spread = 0; };
  svg.onpointermove = (e) => {
    const t = e.target.querySelector && e.target.querySelector("title");
    tip.textContent = t ? t.textContent : "";
    if (!fingers.has(e.pointerId)) return;
    fingers.set(e.pointerId, [e.clientX, e.clientY]);
    const k = unit(svg.getBoundingClientRect()), f = [...fingers.values()];
    if (f.length === 2) {
      const d = Math.hypot(f[0][0] - f[1][0], f[0][1] - f[1][1]);
      if (spread) zoom(d / spread, ...place((f[0][0] + f[1][0]) / 2, (f[0][1] + f[1][1]) / 2));
      spread = d;
    } else if (view[2] < whole[2]) {
      set([from[2] - (e.clientX - from[0]) * k, from[3] - (e.clientY - from[1]) * k, from[4], from[5]]);
    }
  };
  svg.onpointerup = svg.onpointercancel = svg.onpointerleave = (e) => { fingers.delete(e.pointerId); spread = 0; };
});

choosers();
redraw();
})();
