// Notes when each approval, and each approval's stage, was on screen: the frame after the one in
// which it was drawn, in milliseconds since 1970.
() => {
  const seen = new Map();
  window.seen_ = {};
  const note = (name) => {
    if (seen.has(name)) return;
    seen.set(name, true);
    requestAnimationFrame(() =>
      requestAnimationFrame((now) => {
        window.seen_[name] = performance.timeOrigin + now;
      }),
    );
  };
  const look = () => {
    for (const card of document.querySelectorAll("[data-testid^=approval-]")) {
      const id = card.dataset.testid.slice("approval-".length);
      note(id);
      note(`${id} ${card.dataset.stage}`);
    }
  };
  look();
  new MutationObserver(look).observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-stage"],
  });
}
