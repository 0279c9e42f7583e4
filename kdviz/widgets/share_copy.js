// Text to take away: a button that copies it, and where that is not allowed, selects it.

const COPIED_FOR_MS = 3000;

function copyButton(life, name, holder, told) {
  const button = node("button", { type: "button", class: "kd-button" }, name);
  let timer = 0;
  const answer = (text) => {
    say(told, text);
    clearTimeout(timer);
    timer = setTimeout(() => say(told, ""), COPIED_FOR_MS);
  };
  life.onEnd(() => clearTimeout(timer));
  life.listen(button, "click", async () => {
    try {
      await navigator.clipboard.writeText(holder.value ?? holder.textContent);
      answer("Copied.");
    } catch {
      selectAll(holder);
      answer("Selected: press Ctrl+C, or ⌘C, to copy.");
    }
  });
  return button;
}

function selectAll(holder) {
  holder.focus();
  if (holder.select) holder.select();
  else getSelection().selectAllChildren(holder);
}
