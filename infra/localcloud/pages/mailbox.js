// Shows a new mail without anybody pressing reload.
const shown = Number(document.body.dataset.count);
setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch("/messages");
    const { messages } = await answer.json();
    if (messages.length !== shown) location.reload();
  } catch {
    // The local cloud was stopped; the list stays as it is.
  }
}, 2000);
