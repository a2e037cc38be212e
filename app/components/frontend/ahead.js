/** Reads the module named in this script's query once the page has begun to come: before, it would hold the page up. */

const module = new URL(import.meta.url).search.slice(1);
const watch = new MutationObserver(() => {
  if (!document.querySelector("[data-testid=stHeading]")) return;
  watch.disconnect();
  (window.requestIdleCallback ?? setTimeout)(() => import(module));
});
watch.observe(document, { childList: true, subtree: true });
