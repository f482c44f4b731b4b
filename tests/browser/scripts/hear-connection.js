// Tells `heard` each time what the page says of its connection.
() => {
  const part = document.querySelector("[data-testid=connection]");
  const watched = { subtree: true, characterData: true, childList: true };
  new MutationObserver(() => heard(part.textContent)).observe(part, watched);
}
