/** Lists of options: in the order that the server recorded, the unlikely folded away when there are many. */

import { h, kbd, percent } from "./dom.js";

const MANY = 8;
const UNLIKELY = 0.02;
const SEARCHED = 12;

/** The options of a question as they stand on screen. */
export function arranged(question, task) {
  const order = task.orders?.[question.id];
  return order ? order.map((value) => question.options.find((option) => option.value === value)).filter(Boolean) : question.options;
}

/** How many come before the fold: all, unless there are many and the model finds most of them unlikely. */
function unfolded(question, options, task) {
  const probabilities = task.suggestions?.[question.id]?.probabilities;
  if (!probabilities || options.length < MANY || !task.orders?.[question.id]) return options.length;
  const likely = options.filter((option) => (probabilities[option.value] || 0) >= UNLIKELY || option.none).length;
  return Math.max(5, likely);
}

export function optionList(question, options, { multiple, read, write, task }) {
  const probabilities = task?.suggestions?.[question.id]?.probabilities;
  const buttons = options.map((option, index) =>
    h(
      "button",
      {
        type: "button",
        class: "option",
        role: multiple ? "checkbox" : "radio",
        dataset: { option: option.value },
        title: [option.definition, option.hard_cases].filter(Boolean).join(" — "),
        onclick: () => write(option.value),
      },
      index < 9 ? kbd(String(index + 1)) : h("kbd", { class: "none" }),
      h("span", {}, h("b", {}, option.label || option.value), option.definition ? h("small", {}, option.definition) : null),
      probabilities && options.length >= MANY ? h("small", { class: "chance" }, percent(probabilities[option.value] || 0)) : null,
    ),
  );
  const before = task ? unfolded(question, options, task) : options.length;
  let open = before >= options.length;
  let wanted = "";
  const more = h("button", { type: "button", class: "quiet", onclick: () => { open = !open; fold(); } });
  const search = h("input", {
    type: "text",
    class: "search",
    placeholder: "Search the options",
    "aria-label": `Search the options of ${question.title}`,
    oninput: () => { wanted = search.value.trim().toLowerCase(); fold(); },
    onkeydown(event) {
      if (event.key !== "Enter" || event.ctrlKey) return;
      event.preventDefault();
      const first = buttons.find((button) => !button.hidden);
      if (wanted && first) write(first.dataset.option);
      search.value = wanted = "";
      fold();
    },
  });

  function fold() {
    for (const [index, button] of buttons.entries()) {
      const option = options[index];
      const found = wanted && `${option.label || ""} ${option.value} ${option.definition || ""}`.toLowerCase().includes(wanted);
      button.hidden = wanted ? !found : !open && index >= before && !read(option.value);
    }
    more.hidden = before >= options.length || Boolean(wanted);
    more.textContent = open ? "Show the likely ones only" : `Show ${options.length - before} unlikely ones`;
  }

  fold();
  return {
    element: h(
      "div",
      {},
      options.length >= SEARCHED ? search : null,
      h("div", { class: "options", role: multiple ? "group" : "radiogroup", "aria-label": question.title }, ...buttons),
      more,
    ),
    paint() {
      for (const button of buttons) {
        const on = read(button.dataset.option);
        button.classList.toggle("on", on);
        button.setAttribute("aria-checked", String(on));
      }
      fold();
    },
    focus: () => (buttons.find((button) => button.classList.contains("on")) || buttons[0]).focus({ preventScroll: true }),
    search: () => options.length >= SEARCHED && search.focus(),
    choose(number) {
      if (!options[number - 1]) return false;
      write(options[number - 1].value);
      return true;
    },
  };
}
