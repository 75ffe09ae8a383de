"use strict";
// Everything can be read without this script, which adds sorting, filtering and opening at once.
(() => {
  const root = document.documentElement;
  const all = (selector, under = document) => [...under.querySelectorAll(selector)];
  root.classList.add("script");

  // A link to a cell opens it.
  const openTarget = () => {
    let name = "";
    try { name = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const target = name && document.getElementById(name);
    const details = target && target.closest("details");
    if (!details) return;
    details.hidden = false;
    details.open = true;
    details.querySelector("summary").focus({ preventScroll: true });
    details.scrollIntoView();
  };
  addEventListener("hashchange", openTarget);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) openTarget();
  });

  const theme = document.querySelector(".theme");
  const themes = ["auto", "light", "dark"];
  theme.addEventListener("click", () => {
    const next = themes[(themes.indexOf(root.dataset.theme || "auto") + 1) % themes.length];
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    theme.textContent = `Theme: ${next}`;
  });

  // Text of a number that a column lacks sorts last, whichever way the column is sorted.
  const compare = (key, sign) => (one, other) => {
    const [a, b] = [one.dataset[key], other.dataset[key]];
    if (a === "" || b === "") return (a === "") - (b === "");
    const numbers = sign * (parseFloat(a) - parseFloat(b));
    return Number.isNaN(numbers) ? sign * a.localeCompare(b) : numbers;
  };

  for (const table of all("table.sortable")) {
    const rows = all("tbody.cell", table);
    for (const head of all("th[data-sort]", table)) {
      const button = document.createElement("button");
      const name = head.textContent.trim();
      button.type = "button";
      button.className = "sort";
      button.setAttribute("aria-label", `sort by ${name}`);
      // The title itself stays outside the button, which lies over it: buttons do not print.
      head.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
        const order = next === undefined ? "ascending" : next;
        for (const each of all("th[aria-sort]", table)) each.removeAttribute("aria-sort");
        if (order) head.setAttribute("aria-sort", order);
        const sorted = order
          ? [...rows].sort(compare(head.dataset.sort, order === "ascending" ? 1 : -1))
          : rows;
        table.append(...sorted);
        tell(table, order ? `sorted by ${name}, ${order}` : "in the order of the matrix");
      });
    }
  }

  function tell(near, text) {
    const told = near.closest("article").querySelector(".told");
    if (told) told.textContent = text;
  }

  for (const article of all("article")) {
    const cells = all(".cell[data-cell]", article);
    const bar = article.querySelector(".filters");
    if (bar) {
      const input = bar.querySelector("input");
      const buttons = all("button[aria-pressed]", bar);
      const apply = () => {
        const off = (kind) => new Set(
          buttons.filter((b) => b.dataset.filter === kind && b.getAttribute("aria-pressed") === "false")
            .map((b) => b.dataset.value));
        const [looks, states, text] = [off("look"), off("state"), input.value.trim().toLowerCase()];
        for (const cell of cells) {
          cell.hidden = looks.has(cell.dataset.look) || states.has(cell.dataset.state)
            || !cell.dataset.cell.toLowerCase().includes(text);
        }
        const listed = cells.filter((cell) => cell.tagName === "DETAILS");
        const left = listed.filter((cell) => !cell.hidden).length;
        tell(bar, left === listed.length ? "" : `${left} of ${listed.length} cells shown`);
      };
      for (const button of buttons) {
        button.addEventListener("click", () => {
          button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") === "false"));
          apply();
        });
      }
      input.addEventListener("input", apply);
      bar.querySelector("[data-filter=clear]").addEventListener("click", () => {
        for (const button of buttons) button.setAttribute("aria-pressed", "true");
        input.value = "";
        apply();
      });
    }
    const order = article.querySelector("select[data-order]");
    const list = article.querySelector(".list");
    const listed = all("details.cell", list);
    // The fastest first, of latencies and batch sizes the smallest.
    order.addEventListener("change", () => {
      const sign = order.value === "rate" ? -1 : 1;
      list.append(...(order.value ? [...listed].sort(compare(order.value, sign)) : listed));
    });
    const open = article.querySelector("[data-open]");
    open.addEventListener("click", () => {
      const opening = listed.some((cell) => !cell.open);
      for (const cell of listed) cell.open = opening;
      open.textContent = opening ? "Close all" : "Open all";
    });
  }

  for (const button of all(".copy")) {
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        // A page that was opened as a file may not write to the clipboard: select it instead.
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
    });
  }

  openTarget();
})();
