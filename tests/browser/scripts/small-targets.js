// Everything to press that is narrower or lower than `least` CSS pixels. A link within a sentence is
// as high as its line: WCAG leaves those out, and so does this.
(least) => {
  const pressed =
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab]";
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const inSentence = (e) => e.tagName === "A" && getComputedStyle(e).display === "inline";
  const size = (e) => (e.closest("label") ?? e).getBoundingClientRect();
  const isSmall = ({ width, height }) =>
    width > 1 && height > 1 && (width < least - 0.5 || height < least - 0.5);
  return [...document.querySelectorAll(pressed)]
    .filter((e) => shown(e) && !inSentence(e) && isSmall(size(e)))
    .map((e) => {
      const { width, height } = size(e);
      const name = (e.getAttribute("aria-label") || e.textContent || "").trim().slice(0, 40);
      return `${e.tagName} ${name}: ${width.toFixed(0)} x ${height.toFixed(0)}`;
    });
}
