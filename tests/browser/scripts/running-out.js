// How wide the page is, and what is to blame, where one has to scroll sideways.
() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  const blamed = [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > page.clientWidth + 1)
    .slice(0, 5)
    .map((e) => `${e.tagName}.${e.className}`);
  return [`${page.scrollWidth} px in ${page.clientWidth}`, ...blamed];
}
