// For pages whose link carries a token in the fragment (/invitation#token):
// the fragment never reaches a server or its log, so this script posts it.
// It runs before the form below it is drawn, so nothing flickers.
"use strict";
(() => {
  const token = location.hash.slice(1);
  const looksLikeToken = /^[\w-]+(\.[\w-]+)+$/; // #content and #f-token are not
  // Another link opened in the same tab only changes the fragment.
  addEventListener("hashchange", () => {
    if (looksLikeToken.test(location.hash.slice(1))) location.reload();
  });
  if (!looksLikeToken.test(token) || token.length > 1500) return;
  history.replaceState(null, "", location.pathname + location.search);
  document.documentElement.classList.add("has-token");
  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("form[data-token-form]");
    form.elements.token.value = token;
    form.submit();
  });
})();
