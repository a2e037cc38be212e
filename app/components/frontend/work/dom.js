/** Building elements. Text only ever becomes text: nothing here reads HTML. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `class`, `on…` listeners, `dataset`, properties and attributes
 * @param {...(Node|string|null|false|undefined)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "class") element.className = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A key as it is shown on a button. */
export const kbd = (key) => h("kbd", { "aria-hidden": "true" }, key);

/** @param {number} seconds @returns {string} minutes and seconds, 1:05 */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** @param {number} share 0 to 1 */
export const percent = (share) => `${Math.round(share * 100)} %`;
