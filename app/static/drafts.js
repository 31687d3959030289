/* What is being typed outlives a lost session: kept in this browser alone, by person and form, and restored when the form is next
   shown. It goes when the form was sent, when the person signs out, and after thirty days. Files are kept by their ids.
   A form with data-draft-whole is drawn again by the server with what was kept; any other is filled in here. */
import { all, copy, on, one, token } from "./app.js";

const PREFIX = "draft/", DAYS = 30, person = document.body.dataset.person;
const NEVER = /^(csrf_token|version|confirms|next)$/;
const place = one("[data-case]"), stamp = place ? Number(place.dataset.events) : null;
const failed = one('[data-testid="problem"], .error-summary');
const arrived = (performance.getEntriesByType("navigation")[0] || {}).type === "navigate";

/* A browser may refuse to keep anything: then nothing is kept. */
const store = {
  all: () => { try { return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)); } catch { return []; } },
  get: (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full, or forbidden */ } },
  drop: (key) => { try { localStorage.removeItem(key); } catch { /* forbidden */ } },
};
const keyOf = (form) => PREFIX + person + "/" + form.dataset.draft + (form.hasAttribute("data-draft-whole") ? location.search : "");
const versionOf = (form) => { const field = one('input[name="version"]', form); return field ? field.value : null; };
const isTyped = (form, name) => form.hasAttribute("data-draft-whole") || all(`[name="${CSS.escape(name)}"]`, form).some((input) => input.type !== "hidden");
const entriesOf = (form) => Array.from(new FormData(form))
  .filter(([name, value]) => typeof value === "string" && !NEVER.test(name) && isTyped(form, name));

const begun = new WeakMap();
const keep = (form) => {
  const entries = entriesOf(form), key = keyOf(form);
  if (JSON.stringify(entries) === begun.get(form)) store.drop(key);
  else store.set(key, { at: Date.now(), version: versionOf(form), entries });
};
const note = (form) => {
  const said = copy(one("[data-draft-note]"));
  form.prepend(said);
  one("[data-draft-drop]", said).addEventListener("click", () => { store.drop(keyOf(form)); location.reload(); });
};
const fill = (form, entries) => {
  entries.forEach(([name, value]) => all(`[name="${CSS.escape(name)}"]`, form).forEach((input) => {
    if (/checkbox|radio/.test(input.type)) { if (input.value === value) input.checked = true; }
    else if (input.type !== "hidden" && input.type !== "file") input.value = value;
  }));
  const fold = form.closest("details");
  if (fold) fold.open = true;
  note(form);
};
const drawAgain = async (form, entries) => {
  const body = new URLSearchParams([...entries, ["csrf_token", token()], ["_restore", "1"]]);
  const answer = await fetch(location.href, { method: "POST", body, redirect: "error" });
  const drawn = answer.ok && one("form[data-draft]", new DOMParser().parseFromString(await answer.text(), "text/html"));
  if (!drawn) return;
  form.replaceChildren(...Array.from(drawn.childNodes).map((node) => document.adoptNode(node)));
  form.dispatchEvent(new CustomEvent("htmx:afterSwap", { bubbles: true }));
  note(form);
};
const watch = (form) => new MutationObserver(() => keep(form))
  .observe(form, { childList: true, subtree: true, attributeFilter: ["data-state"] });

const tidy = () => store.all().forEach((key) => {
  const kept = store.get(key), aged = !kept || Date.now() - kept.at > DAYS * 86400000;
  const isHere = kept && kept.place && place && kept.place === place.dataset.case;
  if (aged || (kept.sent !== undefined && !failed && arrived && !(isHere && kept.sent === stamp))) store.drop(key);
  else if (kept.sent !== undefined) { delete kept.sent; store.set(key, kept); }
});
const restore = async (form) => {
  const kept = store.get(keyOf(form)), isWhole = form.hasAttribute("data-draft-whole");
  if (isWhole && kept && kept.version !== versionOf(form)) store.drop(keyOf(form)); // saved since, here or elsewhere
  else if (kept && !failed && !one('[name="confirms"]', form)) await (isWhole ? drawAgain(form, kept.entries) : fill(form, kept.entries));
};

if (person) {
  ["input", "change"].forEach((type) => on(type, "form[data-draft]", keep));
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("action") === "/sign-out") store.all().forEach(store.drop);
    if (!form.dataset.draft || event.defaultPrevented) return;
    const kept = store.get(keyOf(form));
    if (kept) store.set(keyOf(form), { ...kept, sent: stamp === null ? -1 : stamp, place: place ? place.dataset.case : null });
  });
}
tidy();
if (person) all("form[data-draft]").forEach((form) => {
  begun.set(form, JSON.stringify(entriesOf(form)));
  restore(form).finally(() => watch(form));
});
