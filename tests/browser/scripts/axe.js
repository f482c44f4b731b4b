// What axe-core finds wrong on the page once nothing on it moves, a line for each element. What is
// still fading in has less contrast than it will have.
async () => {
  const ends = (it) => it.effect.getComputedTiming().endTime !== Infinity;
  const moving = () => document.getAnimations().filter((it) => it.playState === "running" && ends(it));
  while (moving().length) await Promise.allSettled(moving().map((it) => it.finished));
  const found = await axe.run(document, { resultTypes: ["violations"] });
  const told = (rule) => rule.nodes.map((node) => `${rule.id}: ${node.target}: ${node.failureSummary}`);
  return { violations: found.violations.flatMap(told), passes: found.passes.length };
}
