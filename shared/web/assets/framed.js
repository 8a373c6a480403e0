// For the few pages that other sites may show in a frame: tells the page around how high this one is, and moves the focus
// to what came of a form. Everything works without it; the frame then has the height that its page gives it.
"use strict";
(() => {
  if (parent === window) return;
  // Only allowed sites are told. A browser that does not say which of them it is drops what is meant for the others.
  const around = location.ancestorOrigins?.[0];
  const sites = document.body.dataset.sites.split(" ").filter((site) => site && (!around || site === around));
  let told = 0;
  new ResizeObserver(() => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height === told) return;
    told = height;
    for (const site of sites) parent.postMessage({ clientele: "height", height }, site);
  }).observe(document.body);
  // Browsers ignore autofocus in a frame of another site. Whoever sent the form was in it, and goes on reading there.
  document.querySelector(".error-summary, [data-answer]")?.focus();
})();
