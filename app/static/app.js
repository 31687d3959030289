/* Everything here is a convenience: reading, submitting and approving work without it. No sentence lives in this file; pages carry
   their words in both languages. */
const root = document.documentElement;
root.classList.add("js");

const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
const one = (selector, within = document) => within.querySelector(selector);
const token = () => one('meta[name="csrf-token"]').content;
const shown = (element) => element.getClientRects().length > 0;
const on = (type, selector, act) => document.addEventListener(type, (event) => {
  const target = event.target.closest && event.target.closest(selector);
  if (target) act(target, event);
});
const copy = (template) => template.content.firstElementChild.cloneNode(true);

/* Money is whole fen; no floating point. */
const plain = (amount) => {
  const size = String(Math.abs(amount)).padStart(3, "0");
  return (amount < 0 ? "-" : "") + size.slice(0, -2) + "." + size.slice(-2);
};
const yuan = (amount) => plain(amount).replace(/\B(?=(\d{3})+\.)/g, ",");

/* Toasts */
const fade = (toast) => { if (toast.dataset.kind !== "bad") setTimeout(() => toast.remove(), 10000); };
const say = (text) => {
  const toast = copy(one("[data-toast-template]"));
  one("p", toast).textContent = text;
  one("[data-toasts]").append(toast);
  fade(toast);
};
on("click", "[data-close-toast]", (button) => button.closest(".toast").remove());

/* Theme and type size: a cookie, so that the server draws the next page in it too. */
on("click", "[data-pref]", (button, event) => {
  event.preventDefault();
  const name = button.name, secure = location.protocol === "https:" ? ";secure" : "";
  const toggle = button.dataset.toggle, value = toggle ? (root.dataset[name] ? "normal" : toggle) : button.value;
  document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax${secure}`;
  if (/auto|normal/.test(value)) delete root.dataset[name]; else root.dataset[name] = value;
  all(`[data-pref][name="${name}"]`).forEach((b) => b.setAttribute("aria-pressed", (b.dataset.toggle || b.value) === value));
});

/* Menus, folds, dialogs */
document.addEventListener("click", (event) => all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
on("click", "[data-dialog]", (button) => document.getElementById(button.dataset.dialog).showModal());
on("click", "[data-close]", (button) => button.closest("dialog").close());
on("click", "dialog", (dialog, event) => { if (event.target === dialog) dialog.close(); });
on("click", "[data-fold]", (button) => { button.closest("details").open = false; });

/* The confirm sheet stands between a submit button and its form; where dialogs are unknown the button submits at once. */
let asking = null;
on("click", "button[data-confirm]", (button, event) => {
  const dialog = document.getElementById(button.dataset.confirm);
  if (!dialog.showModal || !button.form.requestSubmit) return;
  event.preventDefault();
  if (button.form.dataset.busy) return;
  asking = button;
  dialog.showModal();
});
on("click", "[data-ok]", (ok) => { ok.closest("dialog").close(); asking.form.requestSubmit(asking); });

/* One press, one request. The pressed button's value must travel, so it is marked, never disabled. */
document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (form.method !== "post" || event.defaultPrevented || form.hasAttribute("hx-post")) return;
  const sending = one('.tile[data-state="sending"]', form);
  if (sending && !(button && button.formNoValidate)) { event.preventDefault(); say(sending.closest("[data-drop]").dataset.wait); return; }
  if (form.dataset.busy) { event.preventDefault(); return; }
  form.dataset.busy = "1";
  if (button) button.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  all("form[data-busy]").forEach((form) => delete form.dataset.busy);
  all("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
});

/* Batch: only what is clean can be selected; the sum is always in sight. */
const select = (form) => {
  const groups = {};
  let count = 0, sum = 0;
  all("[data-item]", form).forEach((item) => {
    const box = one('input[name="case"]', item), amount = Number(item.dataset.fen || 0), group = item.dataset.group;
    item.classList.toggle("chosen", box && box.checked);
    if (!box || !box.checked) return;
    count += 1; sum += amount;
    if (group) groups[group] = (groups[group] || 0) + amount;
  });
  all("[data-selected]", form).forEach((out) => { out.textContent = count; });
  all("[data-sum]", form).forEach((out) => { out.textContent = "¥" + yuan(sum); });
  all("[data-needs-selection]", form).forEach((button) => { button.disabled = !count; });
  all("[data-groups]", form).forEach((list) => list.replaceChildren(...Object.keys(groups).map((name) => {
    const row = document.createElement("div");
    row.append(document.createElement("dt"), document.createElement("dd"));
    row.firstChild.textContent = name; row.lastChild.textContent = "¥" + yuan(groups[name]);
    return row;
  })));
};
on("click", "[data-select-clean]", (button) => {
  const boxes = all('input[name="case"]:not(:disabled)', button.form), fill = boxes.some((box) => !box.checked);
  boxes.forEach((box) => { box.checked = fill; });
  select(button.form);
});
on("change", "form[data-batch]", select);

/* Page images, one after another, in a dialog */
let shots = [], seen = 0;
const show = (dialog, at) => {
  seen = (at + shots.length) % shots.length;
  one("[data-viewer-image]", dialog).src = shots[seen].href;
  one("[data-viewer-name]", dialog).textContent = shots[seen].dataset.zoom;
  one(".viewer-pane", dialog).classList.remove("close-up");
};
on("click", "[data-zoom]", (shot, event) => {
  const viewer = shot.closest("[data-viewer]"), dialog = one("dialog", viewer);
  if (event.ctrlKey || event.metaKey || event.shiftKey || !dialog.showModal) return;
  event.preventDefault();
  shots = all("[data-zoom]", viewer);
  show(dialog, shots.indexOf(shot));
  dialog.showModal();
});
on("click", "[data-viewer-step]", (button) => show(button.closest("dialog"), seen + Number(button.dataset.viewerStep)));
on("click", "[data-viewer-zoom], [data-viewer-image]", (target) => one(".viewer-pane", target.closest("dialog")).classList.toggle("close-up"));

/* Keys. Never while something is being typed or composed. */
let at = -1, prefix = "";
const move = (items, step) => {
  if (items[at]) items[at].classList.remove("at");
  at = Math.max(0, Math.min(items.length - 1, at + step));
  if (!items[at]) return;
  items[at].classList.add("at");
  const link = one("a", items[at]);
  if (link) link.focus();
};
document.addEventListener("keydown", (event) => {
  const viewer = one("dialog.viewer[open]"), arrow = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (viewer && arrow) { show(viewer, seen + arrow); return; }
  if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
  if (event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]")) return;
  const key = prefix + event.key, items = all("[data-item]").filter(shown);
  const box = items[at] && one('input[type="checkbox"]:not(:disabled)', items[at]);
  const button = all("[data-key]").find((b) => b.dataset.key === key && !b.disabled && shown(b));
  prefix = key === "g" ? "g " : "";
  if (key === "j" || key === "k") move(items, key === "j" ? 1 : -1);
  else if (key === "?") document.getElementById("keys").showModal();
  else if (key === "/" && one("[data-search]")) one("[data-search]").focus();
  else if (key === "x" && box) box.click();
  else if (button) button.click();
  else return;
  event.preventDefault();
});

const start = (within) => {
  all("[data-focus]", within).forEach((element) => element.focus());
  all("form[data-batch]").forEach(select);
  all(".toast", within).forEach(fade);
};
document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRF-Token"] = token(); });
document.addEventListener("htmx:afterSwap", (event) => start(event.target));
start(document);

export { all, copy, on, one, plain, root, say, token, yuan };
