// While somebody types, the offer beside the form shows what its page would say. Nothing is saved by it.
const form = document.querySelector("form[data-preview]");
const pane = document.querySelector("[data-preview-pane]");
let waiting;

async function show() {
  const typed = new FormData(form);
  typed.set("look", "1");
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(typed) });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const offer = page.querySelector("main .nhsuk-grid-column-two-thirds");
  if (offer && page.querySelector(".nhsuk-notification-banner")) {
    pane.replaceChildren(...offer.childNodes);
    pane.hidden = false;
  }
}

if (form && pane) {
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => show().catch(() => {}), 500);
  });
  show().catch(() => {});
}
