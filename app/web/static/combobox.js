// A text field that suggests tags while one types (the ARIA combobox pattern with list autocompletion).
// data-complete="whole": the field holds one tag. data-complete="list": each chosen tag is added to a list.
const PAUSE = 90; // milliseconds after the last key before suggestions are requested

export function attach(input) {
  if (input.getAttribute("role") === "combobox") return;
  new Combobox(input);
}

class Combobox {
  constructor(input) {
    this.input = input;
    this.list = document.createElement("ul");
    this.list.id = `${input.id}-options`;
    this.list.className = "options";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Tags");
    input.after(this.list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    this.active = -1;
    this.pending = null;
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("blur", () => this.close());
    // Prevents the blur that would close the list before the click on it.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", ({ target }) => this.take(target.closest("li")));
  }

  get isList() {
    return this.input.dataset.complete === "list";
  }

  typed() {
    clearTimeout(this.timer);
    const text = this.input.value.trim();
    if (this.isList && text.length > 1 && text.endsWith(",")) {
      this.submit();
    } else if (!text || (this.isList && text.includes(","))) {
      this.close();
    } else {
      this.timer = setTimeout(() => this.request(text), PAUSE);
    }
  }

  async request(text) {
    this.pending?.abort();
    this.pending = new AbortController();
    try {
      const response = await fetch(`/explorer/suggest?${new URLSearchParams({ q: text })}`, {
        signal: this.pending.signal,
      });
      if (response.ok) this.offer((await response.json()).suggestions);
    } catch {
      this.close(); // superseded by a newer request, or the service does not answer, which submitting the form will report
    }
  }

  offer(suggestions) {
    if (document.activeElement !== this.input) return;
    this.list.replaceChildren(
      ...suggestions.map(({ tag, documents }, position) => {
        const option = document.createElement("li");
        option.id = `${this.list.id}-${position}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.tag = tag;
        const uses = document.createElement("span");
        uses.className = "uses";
        uses.textContent = `${documents}`;
        uses.title = `on ${documents} documents of the training collection`;
        option.append(tag, uses);
        return option;
      }),
    );
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.list.hidden = suggestions.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
  }

  pressed(event) {
    const open = !this.list.hidden;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (open && event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if (open && event.key === "Enter" && this.active >= 0) {
      event.preventDefault();
      this.take(this.list.children[this.active]);
    } else if (event.key === "Backspace" && this.isList && !this.input.value) {
      const drops = this.input.closest(".chips").querySelectorAll(".chip-drop");
      drops[drops.length - 1]?.click();
    }
  }

  move(step) {
    const n = this.list.children.length;
    this.list.children[this.active]?.setAttribute("aria-selected", "false");
    // One position more than there are options: it selects the text as typed.
    this.active = ((this.active + 1 + step + n + 1) % (n + 1)) - 1;
    const option = this.list.children[this.active];
    if (!option) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  take(option) {
    if (!option) return;
    this.input.value = option.dataset.tag;
    this.submit();
  }

  submit() {
    this.close();
    this.input.form.requestSubmit();
  }

  close() {
    clearTimeout(this.timer);
    this.pending?.abort();
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
