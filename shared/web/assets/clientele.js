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

  // Rows that are picked: the bar says how many, and offers what at least one of them allows.
  const told = (bar) => {
    const boxes = [...bar.elements].filter((box) => box.type === "checkbox");
    const picked = boxes.filter((box) => box.checked);
    const can = new Set(picked.flatMap((box) => (box.dataset.can ?? "").split(" ")));
    for (const button of bar.querySelectorAll("button[value]")) button.hidden = !can.has(button.value);
    const words = bar.querySelector("[data-one]");
    words.textContent = picked.length === 1 ? words.dataset.one : words.dataset.other.replace("#", picked.length);
    const all = document.querySelector("[data-pick-all]");
    all.checked = picked.length > 0 && picked.length === boxes.length;
    all.indeterminate = picked.length > 0 && !all.checked;
  };
  const pickable = () => {
    for (const all of document.querySelectorAll("[data-pick-all], [data-pick-none]")) all.hidden = false;
    for (const bar of document.querySelectorAll("form.picked")) told(bar);
  };
  // A line that scrolls begins where one is.
  const inSight = () => {
    for (const current of document.querySelectorAll(".pills [aria-current]")) {
      const line = current.closest("nav");
      line.scrollLeft = current.offsetLeft - line.offsetLeft - (line.clientWidth - current.offsetWidth) / 2;
    }
  };
  pickable();
  inSight();
  let last = null; // the box clicked before: with Shift, those between follow
  document.addEventListener("click", (event) => {
    const box = event.target.closest(".pick input, [data-pick-none]");
    const bar = box?.form ?? document.querySelector("form.picked");
    if (!box || !bar) return;
    const boxes = [...bar.elements].filter((other) => other.type === "checkbox");
    if (!box.name) {
      for (const other of boxes) other.checked = box.checked ?? false;
    } else if (event.shiftKey && boxes.includes(last)) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const other of boxes.slice(from, to)) other.checked = box.checked;
    }
    last = box.name ? box : null;
    told(bar);
  });
  addEventListener("pageshow", pickable); // browsers keep what was ticked

  // <form data-results="id id">: what is typed or chosen is asked for at once, and the elements of these ids are replaced
  // by those of the answer. A newer question ends an older one. The address follows, so that going back, reloading and
  // passing it on do what they do without this script; while somebody types it is one step back.
  for (const form of document.querySelectorAll("form[data-results]")) {
    const hint = form.nextElementSibling;
    const said = document.getElementById("said");
    let timer, asked, typing = false;
    const address = () => {
      const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
      return form.action.split("?")[0] + (`${query}` && `?${query}`);
    };
    const ask = async () => {
      clearTimeout(timer);
      asked?.abort();
      const to = address();
      if (to === location.href) return;
      asked = new AbortController();
      let answer, text;
      try {
        answer = await fetch(to, { signal: asked.signal });
        text = await answer.text();
      } catch (stopped) {
        if (stopped.name !== "AbortError") location.assign(to);
        return;
      }
      const page = new DOMParser().parseFromString(text, "text/html");
      const fresh = form.dataset.results.split(" ").map((id) => [document.getElementById(id), page.getElementById(id)]);
      if (answer.redirected) return location.assign(answer.url);
      if (!answer.ok || fresh.some(([now, next]) => !now || !next)) return location.assign(to);
      for (const [now, next] of fresh) now.replaceWith(next);
      if (typing) history.replaceState(null, "", to);
      else history.pushState(null, "", to);
      typing = document.activeElement?.type === "search";
      said.textContent = document.querySelector("[data-said]")?.dataset.said ?? "";
      pickable();
      inSight();
    };
    const soon = (event) => {
      const field = event.target;
      if (event.isComposing) return;
      if (field.dataset.choices) return [...field.list.options].some((option) => option.value === field.value) && ask();
      const length = [...field.value.trim()].length;
      const short = field.type === "search" && length > 0 && length < Number(field.dataset.least);
      if (field.type === "search") hint.hidden = !short;
      clearTimeout(timer);
      if (!short) timer = setTimeout(ask, field.type === "search" ? 250 : 0);
    };
    form.addEventListener("input", soon);
    form.addEventListener("compositionend", soon);
    form.addEventListener("change", () => { typing = false; });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (hint.hidden) ask();
    });
    addEventListener("popstate", () => location.reload());
  }

  // <input data-choices="address" list="…">: what is typed is completed from there.
  let completing;
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.dataset.choices) return;
    clearTimeout(completing);
    completing = setTimeout(async () => {
      const answer = await fetch(field.dataset.choices + "?q=" + encodeURIComponent(field.value)).catch(() => null);
      if (answer?.ok && !answer.redirected) field.list.innerHTML = await answer.text();
    }, 200);
  });

  // <input data-find> before boxes: only those that say what is typed are shown, and the ticked ones.
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
  for (const field of document.querySelectorAll("[data-find]")) field.hidden = false;
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.dataset || !("find" in field.dataset)) return;
    for (const one of field.nextElementSibling.children) {
      one.hidden = !one.querySelector("input").checked && !folded(one.textContent).includes(folded(field.value));
    }
  });
  document.addEventListener("keydown", (event) => { // it belongs to no form's answer: Enter must not send the form
    if (event.key === "Enter" && "find" in (event.target.dataset ?? {})) event.preventDefault();
  });

  // <input type="file" data-most="bytes" data-too-large="…" data-empty="…">: what the bucket would refuse, in words that
  // only programs understand, is not sent.
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.dataset?.most) return;
    const size = field.files[0]?.size;
    field.setCustomValidity(size > Number(field.dataset.most) ? field.dataset.tooLarge : size === 0 ? field.dataset.empty : "");
    field.reportValidity();
  });
  // <form data-until="milliseconds">: a form that is good for some time gets a new one before it is sent too late.
  document.addEventListener("submit", (event) => {
    const until = Number(event.target.dataset.until);
    if (!until || Date.now() < until) return;
    event.preventDefault();
    location.reload();
  });
  // <form data-send> is sent by itself.
  document.querySelector("form[data-send]")?.requestSubmit();

  // <section id="…" data-live="3">: what changes by itself (a mail on its way)
  // is fetched again every so many seconds, until nothing has changed forty
  // times, and only while nobody is working inside it. With data-then="reload"
  // the page is another one when it is over.
  for (const section of document.querySelectorAll("[data-live][id]")) {
    let left = 40;
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
      const over = !fresh.hasAttribute("data-live");
      if (over) clearInterval(timer);
      if (over && now.dataset.then === "reload") return location.reload();
      if (fresh.innerHTML === now.innerHTML) return;
      left = 40;
      now.replaceWith(fresh);
    }, wait);
  }
})();
