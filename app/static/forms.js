/* Forms of cases: the live total, what each account has left, rows, uploads. Without it the same form works by its submit buttons. */
import { all, copy, on, one, plain, root, token, yuan } from "./app.js";

/* Money is whole fen, read from text; no floating point. */
const fen = (text) => {
  const typed = text.trim(), grouped = /^-?\d{1,3}(,\d{3})+(\.\d{1,2})?$/.test(typed);
  const match = /^(-?)(\d{1,11})(?:\.(\d{1,2}))?$/.exec(grouped ? typed.replace(/,/g, "") : typed);
  if (!match) return 0;
  const amount = Number(match[2]) * 100 + Number(((match[3] || "") + "00").slice(0, 2));
  return match[1] ? -amount : amount;
};
const capitals = (amount) => {
  const digits = "零壹贰叁肆伍陆柒捌玖", units = ["", "拾", "佰", "仟"], sections = ["", "万", "亿", "万亿"];
  const figures = String(Math.floor(amount / 100)), jiao = Math.floor(amount / 10) % 10, rest = amount % 10;
  let text = "", zero = false;
  if (!amount) return "零元整";
  for (let i = 0; i < figures.length; i += 1) {
    const place = figures.length - 1 - i;
    if (figures[i] === "0") zero = true;
    else { text += (zero && text ? "零" : "") + digits[figures[i]] + units[place % 4]; zero = false; }
    if (place % 4 === 0 && /[1-9]/.test(figures.slice(Math.max(0, i - 3), i + 1))) { text += sections[place / 4]; zero = false; }
  }
  if (text) text += "元";
  if (!jiao && !rest) return text + "整";
  text += jiao ? digits[jiao] + "角" : text ? "零" : "";
  return text + (rest ? digits[rest] + "分" : "整");
};

/* Lines, their total, and what each account has left */
const count = (form) => {
  if (!form) return;
  all("[data-total]", form).forEach((out) => {
    const [lines, column] = out.dataset.total.split(".");
    const sum = all(`[name^="${lines}."][name$=".${column}"]`, form).reduce((total, input) => total + fen(input.value), 0);
    out.textContent = "¥" + yuan(sum);
    out.nextElementSibling.textContent = sum < 0 ? "" : "人民币" + capitals(sum);
  });
  const asked = {}, selects = all("select[data-account]", form);
  selects.forEach((choice) => {
    const line = choice.closest("[data-line]"), totals = all("[data-total]", form).map((out) => out.textContent.slice(1));
    const amounts = line || !totals.length ? all("[data-money]", line || form).map((input) => input.value) : totals;
    if (amounts.length) asked[choice.value] = (asked[choice.value] || 0) + fen(amounts[0]);
  });
  selects.forEach((choice) => {
    const out = one("[data-left]", choice.parentNode), option = choice.selectedOptions[0], left = option && option.dataset.leftFen;
    if (!out) return;
    const words = out.dataset, after = Number(left) - asked[choice.value];
    out.classList.toggle("over", after < 0);
    out.textContent = left ? `${words.now} ¥${yuan(Number(left))}${words.after} ${after < 0 ? words.over + " " : ""}¥${yuan(Math.abs(after))}` : "";
  });
};
const number = (lines) => {
  all("[data-number]", one("[data-rows]", lines)).forEach((out, index) => { out.textContent = index + 1; });
  count(lines.closest("form"));
};
const addLine = (lines) => {
  const holder = document.createElement("div");
  holder.innerHTML = one("[data-line-template]", lines).innerHTML.replace(/__i__/g, lines.dataset.next);
  lines.dataset.next = Number(lines.dataset.next) + 1;
  const line = holder.firstElementChild;
  one("[data-rows]", lines).append(line);
  number(lines);
  return line;
};
on("click", "[data-add-line]", (button, event) => {
  event.preventDefault();
  one("input:not([type=hidden]), select, textarea", addLine(button.closest("[data-lines]"))).focus();
});
on("click", "[data-remove-line]", (button, event) => {
  event.preventDefault();
  const lines = button.closest("[data-lines]");
  button.closest("[data-line]").remove();
  number(lines);
  one("[data-add-line]", lines).focus();
});
["input", "change"].forEach((type) => on(type, "form", (form, event) => {
  const line = event.target.closest("[data-line]");
  if (line) one("[data-recognised]", line).hidden = true;
  count(form);
}));

/* Uploads: each file on its own, with progress, retry and cancel. */
const blank = (line) => !one(".tile", line) && all("input:not([type=file]):not([type=hidden]), textarea, select", line)
  .every((input) => (/checkbox|radio/.test(input.type) ? !input.checked : !input.value));
const put = (target, value) => {
  if (value !== undefined && value !== null && !target.value) target.value = target.hasAttribute("data-money") ? plain(value) : value;
};
const fillLine = (form, path, invoice, tile) => {
  const lines = one(`[data-lines="${path}"]`, form);
  const line = all("[data-line]", lines).find(blank) || addLine(lines);
  all("[data-fill]:not([data-drop])", line).forEach((target) => put(target, invoice[target.dataset.fill]));
  all('[data-fill="date"]', form).forEach((target) => { if (!target.closest("[data-line]")) put(target, invoice.date); });
  one("[data-recognised]", line).hidden = !invoice.number;
  one('[data-drop][data-fill="file"] [data-tiles]', line).append(tile);
  count(form);
};
const received = (zone, tile, answer) => {
  const invoice = answer.invoice || {}, id = document.createElement("input"), form = zone.closest("form");
  tile.dataset.state = "done";
  if (answer.thumb) {
    const picture = document.createElement("img");
    picture.src = answer.thumb; picture.alt = "";
    one(".tile-thumb", tile).replaceChildren(picture);
  }
  if (invoice.number) one("[data-meta]", tile).textContent = [`${zone.dataset.invoice} ${invoice.number}`, invoice.date, invoice.amount_total_fen && "¥" + yuan(invoice.amount_total_fen)].filter(Boolean).join(" · ");
  if (zone.dataset.fills) fillLine(form, zone.dataset.fills, invoice, tile);
  else if (zone.closest("[data-line]") && invoice.number) {
    all("[data-fill]:not([data-drop])", zone.closest("[data-line]")).forEach((target) => put(target, invoice[target.dataset.fill]));
    count(form);
  }
  id.type = "hidden"; id.value = answer.id; id.name = tile.closest("[data-drop]").dataset.drop;
  tile.append(id);
};
const send = (zone, tile, file) => {
  const bar = one("progress", tile), request = new XMLHttpRequest(), body = new FormData();
  const fail = (text) => { tile.dataset.state = "failed"; one("[data-fault]", tile).textContent = text; };
  if (!file.size) { fail(zone.dataset.empty); return; }
  if (file.size > Number(zone.dataset.max)) { fail(zone.dataset.large); return; }
  tile.dataset.state = "sending"; bar.value = 0;
  body.append("file", file);
  request.open("POST", "/api/v1/files");
  request.responseType = "json";
  request.setRequestHeader("X-CSRF-Token", token());
  request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded * 100 / event.total; });
  request.addEventListener("error", () => fail(zone.dataset.broken));
  request.addEventListener("load", () => {
    const answer = request.response || {}, said = answer.message;
    if (request.status < 300 && answer.id) received(zone, tile, answer);
    else fail((said && (said[root.lang] || said[root.lang.slice(0, 2)])) || (typeof said === "string" && said) || zone.dataset.broken);
  });
  tile.upload = request;
  request.send(body);
};
const take = (zone, files) => Array.from(files).forEach((file) => {
  const tile = copy(one("[data-tile-template]", zone));
  one("[data-name]", tile).textContent = file.name;
  one("[data-meta]", tile).textContent = file.size < 1e6 ? Math.ceil(file.size / 1024) + " KB" : (file.size / 1e6).toFixed(1) + " MB";
  one("[data-tiles]", zone).append(tile);
  one("[data-retry]", tile).addEventListener("click", () => send(zone, tile, file));
  send(zone, tile, file);
});
on("change", '[data-drop] input[type="file"]', (input) => { take(input.closest("[data-drop]"), input.files); input.value = ""; });
on("click", "[data-remove-file]", (button, event) => {
  event.preventDefault();
  const tile = button.closest(".tile");
  if (tile.upload) tile.upload.abort();
  tile.remove();
});
/* The whole page is the target; a zone under the pointer wins over the page's first one. */
const carries = (event) => event.dataTransfer && Array.from(event.dataTransfer.types).includes("Files") && one("[data-drop]");
document.addEventListener("dragover", (event) => { if (carries(event)) { event.preventDefault(); document.body.classList.add("dropping"); } });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
document.addEventListener("drop", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  document.body.classList.remove("dropping");
  take(event.target.closest("[data-drop]") || one("[data-drop]"), event.dataTransfer.files);
});

const start = () => all("form").forEach(count);
document.addEventListener("htmx:afterSwap", start);
start();
