/** The item stands in the address, so that it can be passed on and the browser's Back leads to the last one. */

/** @param {HTMLElement} root @param {number} project @param {(id: number) => void} open */
export function createAddress(root, project, open) {
  let popping = false;
  let shown = null;
  const onPop = () => {
    if (!root.isConnected) return window.removeEventListener("popstate", onPop);
    const id = history.state?.milo;
    if (!id || id === shown) return undefined;
    popping = true;
    return open(id);
  };
  window.addEventListener("popstate", onPop);
  return {
    /** @param {number} id the item that is on screen now */
    show(id) {
      shown = id;
      const address = `/?project=${project}&item=${id}`;
      if (popping || !history.state?.milo) history.replaceState({ ...history.state, milo: id }, "", address);
      else if (history.state.milo !== id) history.pushState({ ...history.state, milo: id }, "", address);
      popping = false;
    },
  };
}
