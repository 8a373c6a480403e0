// Comforts only: every page and form works without this file.
"use strict";
(() => {
  // Buttons that need a script appear with it.
  for (const button of document.querySelectorAll("[data-copy], [data-reveal]")) button.hidden = false;

  const menus = "details.menu[open]";
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll(menus)) if (menu !== except) menu.open = false;
  };

  document.addEventListener("click", async (event) => {
    closeMenus(event.target.closest(menus));

    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const field = document.getElementById(copy.dataset.copy);
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        return; // the text is selected: Ctrl-C does it
      }
      const before = copy.innerHTML;
      copy.textContent = copy.dataset.copied;
      setTimeout(() => { copy.innerHTML = before; }, 2000);
    }

    const reveal = event.target.closest("[data-reveal]");
    if (reveal) {
      const field = document.getElementById(reveal.dataset.reveal);
      const show = field.type === "password";
      field.type = show ? "text" : "password";
      reveal.setAttribute("aria-pressed", String(show));
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector(menus);
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });

  // A second click on a slow line must not send a form twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const busy of document.querySelectorAll("[aria-busy]")) busy.removeAttribute("aria-busy");
  });

  // <select data-submit> in a filter bar: choosing is enough.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  // <section id="…" data-live="3">: what changes by itself (a mail on its way)
  // is fetched again every so many seconds, at most twenty times, and only
  // while nobody is working inside it.
  for (const section of document.querySelectorAll("[data-live][id]")) {
    let left = 20;
    const wait = Number(section.dataset.live) * 1000;
    const timer = setInterval(async () => {
      if (--left < 0) return clearInterval(timer);
      const now = document.getElementById(section.id);
      if (document.hidden || !now || now.contains(document.activeElement) || now.querySelector("details[open]")) return;
      const answer = await fetch(location.href).catch(() => null);
      if (!answer?.ok || answer.redirected) return clearInterval(timer);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(section.id);
      if (!fresh) return clearInterval(timer);
      if (fresh.innerHTML !== now.innerHTML) now.replaceWith(fresh);
      if (!fresh.hasAttribute("data-live")) clearInterval(timer);
    }, wait);
  }
})();
